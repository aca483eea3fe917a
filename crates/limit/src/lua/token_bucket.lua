-- A bucket of tokens that refills evenly, reckoned by what is missing from it: a token is `window`
-- parts, and every millisecond brings `limit` parts back. The key holds a time, the parts missing
-- then, and when the key expires.

--- state missing, expires

--- load
missing, expires = 0, 0
local stored = call('GET', key)
if stored then
  local at, before, expiry = unpack('<ddd', stored)
  if at > now then now = at end
  missing, expires = before - (now - at) * limit, expiry
  if missing < 0 then missing = 0 end
end

--- wait
if units > limit then
  wait = -1
else
  wait = ceil((missing - (limit - units) * window) / limit)
  if wait < 0 then wait = 0 end
end

--- remaining
remaining = floor((limit * window - missing) / window)

--- charge
missing = missing + units * window
if missing < 0 then missing = 0 end
-- Once the bucket is full there is nothing to remember. The key may live a window longer than
-- that, so that not every charge has to set its lifetime.
local full = now + ceil(missing / limit)
if full <= expires then
  call('SET', key, pack('<ddd', now, missing, expires), 'KEEPTTL')
else
  expires = full + window
  call('SET', key, pack('<ddd', now, missing, expires), 'PX', expires - now)
end
