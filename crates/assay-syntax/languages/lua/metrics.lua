-- Expected values of the metrics, above each function.

-- metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 name=nothing
local function nothing()
end

-- metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=2
local function grade(points)
  if points > 90 then
    return "a"
  elseif points > 80 then
    return "b"
  else
    points = 0
  end
end

-- metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
function nested_in_else(left, right)
  if left then
    print(left)
  else
    if right then
      print(right)
    end
  end
end

-- metrics: cyclomatic=4 cognitive=6 nesting=3 params=2
function three_deep(rows, ...)
  for index, row in ipairs(rows) do
    while row do
      if index then
        break
      end
    end
  end
end

-- metrics: cyclomatic=6 cognitive=4 params=3
function logic(a, b, c)
  local x = a and b and c
  repeat
    x = a or b and c
  until x
end

-- A jump to a label is read.
-- metrics: cyclomatic=3 cognitive=4 exits=1
function jumps(rows)
  for _, row in ipairs(rows) do
    if row then
      goto continue
    end
    ::continue::
  end
  error("none")
end

local M = {}

-- metrics: cyclomatic=2 cognitive=1 name=M:method params=1
function M:method(value)
  return value and 1
end

-- metrics: cyclomatic=2 cognitive=1 name=given
local given = function(value)
  if value then
    print(value)
  end
end
