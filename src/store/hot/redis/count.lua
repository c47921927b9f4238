-- One more on a counter that forgets after a window from its first count. KEYS: the counter.
-- ARGV: the caller's now, the window, and how much longer the server keeps it, all in ms.
local now, window, linger = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('GET', KEYS[1])
local count, over = 0, now
if held then
  local a, b = string.match(held, '^(%d+):(%d+)$')
  if a then count, over = tonumber(a), tonumber(b) end
end
if over <= now then count, over = 0, now + window end
count = count + 1
local value = string.format('%.0f:%.0f', count, over)
redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', over - now + linger))
return count
