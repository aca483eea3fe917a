-- The time of every unit of cost of the last window.
-- The key holds a sorted set: one member "<time>-<number>" a unit, scored by its time. Numbers are
-- padded, so that those of one millisecond sort, and are taken back, in order.
algorithms.sliding_log = {
  load = function(key, now, limit, window)
    local newest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
    if not newest then return now, 0, 0 end
    newest = tonumber(newest)
    now = math.max(now, newest)
    return now, redis.call('ZCOUNT', key, '(' .. string.format('%.0f', now - window), '+inf'), newest, key
  end,

  wait = function(now, limit, window, cost, used, newest, key)
    if cost > limit then return -1 end
    local over = used + cost - limit
    if over <= 0 or used == 0 then return 0 end
    -- The first `over` of those that count must go. They count from the end of the set, since
    -- what no longer counts may still be at its beginning.
    local last = newest
    if over < used then
      local index = over - 1 - used
      last = tonumber(redis.call('ZRANGE', key, index, index, 'WITHSCORES')[2])
    end
    return last + window - now
  end,

  remaining = function(now, limit, window, used)
    return math.max(0, limit - used)
  end,

  charge = function(key, now, limit, window, cost, used, newest)
    if cost < 0 then
      local back = math.min(-cost, used)
      if back > 0 then redis.call('ZPOPMAX', key, back) end
      local left = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
      return used - back, tonumber(left or 0), key
    end
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))
    local number = 0
    if newest == now then number = redis.call('ZCOUNT', key, now, now) end
    for first = 1, cost, 1000 do
      local members = {}
      for unit = first, math.min(cost, first + 999) do
        members[#members + 1] = now
        members[#members + 1] = string.format('%.0f-%09d', now, number + unit)
      end
      redis.call('ZADD', key, unpack(members))
    end
    redis.call('PEXPIRE', key, window)
    return used + cost, now, key
  end,
}
