-- A bucket of tokens that refills evenly, reckoned by what is missing from it: a token is `window`
-- parts, and every millisecond brings `limit` parts back.
-- The key holds "<time> <parts missing then>".
algorithms.token_bucket = {
  load = function(key, now, limit, window)
    local stored = redis.call('GET', key)
    if not stored then return now, 0 end
    local at, missing = string.match(stored, '^(%d+) (%d+)$')
    at, missing = tonumber(at), tonumber(missing)
    now = math.max(now, at)
    return now, math.max(0, missing - (now - at) * limit)
  end,

  wait = function(now, limit, window, cost, missing)
    if cost > limit then return -1 end
    return math.max(0, math.ceil((missing - (limit - cost) * window) / limit))
  end,

  remaining = function(now, limit, window, missing)
    return math.max(0, math.floor((limit * window - missing) / window))
  end,

  charge = function(key, now, limit, window, cost, missing)
    missing = math.max(0, missing + cost * window)
    -- Once the bucket is full again there is nothing to remember.
    local full = math.max(1, math.ceil(missing / limit))
    redis.call('SET', key, string.format('%.0f %.0f', now, missing), 'PX', full)
    return missing
  end,
}
