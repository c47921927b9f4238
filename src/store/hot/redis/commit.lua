-- One commit within one root: everything is validated before the first write, as Lua has no
-- rollback. KEYS: the root's hash, the mark of this attempt. ARGV: the caller's now (ms); what to
-- add to an expiry to have one by the server's clock (ms); the number of checks, then for each its
-- kind, name and version; then for each effect its kind, name, expiry (ms) and bytes.
--
-- A field holds: kind (1 document, 2 tombstone), expiry (6 bytes), version (7 bytes), bytes. What
-- is not like that is somebody else's, and counts as absent, as it does for readers.
local root, attempt = KEYS[1], KEYS[2]
if redis.call('EXISTS', attempt) == 1 then return 1 end

local now, offset = tonumber(ARGV[1]), tonumber(ARGV[2])
local HEADER, LENGTH = '>BI6I7', 14
local held, changed = {}, {}

-- Kind, expiry and version; nothing of what cannot be read: after a write there may be no error.
local function header(raw)
  if #raw < LENGTH then return 0, 0, 0 end
  local kind, expires, version = struct.unpack(HEADER, raw)
  if kind ~= 1 and kind ~= 2 then return 0, 0, 0 end
  return kind, expires, version
end

local function load(name)
  local slot = held[name]
  if slot == nil then
    slot = { kind = 0, version = 0 }
    local raw = redis.call('HGET', root, name)
    if raw then
      local kind, expires, version = header(raw)
      slot.version = version
      if expires > now then slot.kind, slot.expires = kind, expires end
    end
    held[name] = slot
  end
  return slot
end

local checks = tonumber(ARGV[3])
for i = 0, checks - 1 do
  local kind, slot = ARGV[4 + i * 3], load(ARGV[5 + i * 3])
  local holds
  if kind == 'at' then
    holds = slot.kind == 1 and slot.version == tonumber(ARGV[6 + i * 3])
  elseif kind == 'absent' then
    holds = slot.kind == 0
  elseif kind == 'present' then
    holds = slot.kind == 1
  else
    holds = slot.kind ~= 2
  end
  if not holds then return 0 end
end

-- Rises also across a deletion, a flush and an older snapshot: it is the server's clock, but never
-- less than one more than what is there.
local time = redis.call('TIME')
local fresh = tonumber(time[1]) * 1000000 + tonumber(time[2])

local clear = false
for i = 4 + checks * 3, #ARGV, 4 do
  local kind, name, expires = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  if kind == 'clear' then
    clear = true
    local all = redis.call('HKEYS', root)
    for _, other in ipairs(all) do
      if load(other).kind ~= 2 then
        held[other] = { kind = 0, version = held[other].version }
        changed[other] = true
      end
    end
    for other, slot in pairs(held) do
      if slot.kind == 1 then
        held[other] = { kind = 0, version = slot.version }
        changed[other] = true
      end
    end
  else
    local slot = load(name)
    if kind == 'put' then
      if slot.kind == 2 then return 0 end
      held[name] = {
        kind = expires > now and 1 or 0,
        expires = expires,
        version = math.max(fresh, slot.version + 1),
        bytes = ARGV[i + 3],
      }
      changed[name] = true
    elseif kind == 'tombstone' then
      if slot.kind == 2 then expires = math.max(expires, slot.expires) end
      held[name] = { kind = expires > now and 2 or 0, expires = expires, version = slot.version, bytes = '' }
      changed[name] = true
    elseif slot.kind ~= 2 then
      held[name] = { kind = 0, version = slot.version }
      changed[name] = true
    end
  end
end

-- From here on it is written.
local keep = 0
for name, _ in pairs(changed) do
  local slot = held[name]
  if slot.kind == 0 then
    redis.call('HDEL', root, name)
  else
    redis.call('HSET', root, name, struct.pack(HEADER, slot.kind, slot.expires, slot.version) .. slot.bytes)
    keep = math.max(keep, slot.expires)
  end
end

-- What nobody names any more (codes) is swept a little at a time.
if redis.call('HLEN', root) > 16 then
  local some = redis.call('HRANDFIELD', root, 3, 'WITHVALUES')
  for i = 1, #some, 2 do
    local _, expires = header(some[i + 1])
    if expires <= now then redis.call('HDEL', root, some[i]) end
  end
end

if clear then
  for _, raw in ipairs(redis.call('HVALS', root)) do
    local _, expires = header(raw)
    keep = math.max(keep, expires)
  end
end
if keep > 0 then
  local until_when = keep + offset
  if clear or redis.call('PEXPIRETIME', root) < until_when then
    redis.call('PEXPIREAT', root, string.format('%.0f', until_when))
  end
end
redis.call('SET', attempt, '', 'PX', 30000)
return 1
