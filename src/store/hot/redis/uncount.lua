-- One less on a counter that was raised. KEYS: the counter. ARGV: the caller's now in ms.
local held = redis.call('GET', KEYS[1])
if not held then return 0 end
local count, over = string.match(held, '^(%d+):(%d+)$')
if not count or tonumber(over) <= tonumber(ARGV[1]) or tonumber(count) <= 1 then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], string.format('%.0f:%s', count - 1, over), 'KEEPTTL')
end
return 0
