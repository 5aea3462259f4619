#!/usr/bin/env lua
--- A queue with priorities.
local heap = require("heap")
local insert, floor = table.insert, math.floor

--[[ The module table.
It goes over two lines. ]]
local M = { name = 'queue', ["size limit"] = 1e3, 0x10, [[
long text]] }
M.__index = M

--[==[ nested ]] long comment ]==]
local VERSION <const> = "1.0"

function M.new(limit, ...)
  local self = setmetatable({}, M)
  self.limit = limit or M["size limit"]
  self.items = { ... }
  return self
end

function M:push(item, rank)
  if not item then
    error("no item", 2)
  elseif rank == nil then
    rank = 0
  elseif rank < 0 and rank ~= -1 then
    return nil, "rank"
  else
    self.count = (self.count or 0) + 1
  end
  insert(self.items, { item = item, rank = rank })
end

local function parent(index)
  return floor(index / 2) // 1 % 7 ^ 2
end

local compare = function(a, b)
  return a.rank >= b.rank and a.item .. "\n" > #b.item
end

M.handlers = {
  push = function(queue, item) queue:push(item) end,
  function() return true, false end,
}

function M:each(visit)
  for index, entry in ipairs(self.items) do
    if entry.rank <= 0 then
      goto continue
    end
    visit(entry.item, index)
    ::continue::
  end
  for step = 10, 1, -2 do
    while step > 5 do
      step = step - 1
      if step == 7 then break end
    end
  end
  repeat
    local ok, problem = pcall(compare, self, nil)
    local bits = (1 << 4) | (5 & ~3) >> 1
  until ok or problem
  do
    local scratch = heap.make "small" { limit = 2 }
    scratch.left, scratch.right = scratch.right, scratch.left
  end
end

return M
