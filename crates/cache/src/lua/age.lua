-- The age in ms of a value with this head, of whose lifetime so much is left. What was never there, or
-- was written by nobody here, is older than everything.
local function age_of(head, left)
  local lifetime = head and string.match(head, '^%S+ %d+ (%d+) ')
  return lifetime and math.max(0, lifetime - left) or math.huge
end

