-- A random value that is gone when the data are: what is there, or the one offered. KEYS: the
-- canary. ARGV: the offer.
local held = redis.call('GET', KEYS[1])
if held then return held end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
