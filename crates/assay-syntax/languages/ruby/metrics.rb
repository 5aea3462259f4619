# Expected values of the metrics, above each function.

# metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 name=nothing
def nothing
end

# metrics: cyclomatic=4 cognitive=4 nesting=1 params=1 exits=1
def grade(points)
  if points > 90
    "a"
  elsif points > 80
    "b"
  elsif points > 70
    return "c"
  else
    "d"
  end
end

# A condition nested in an else is no else-if: one for the else, two for the if.
# metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
def nested_in_else(left, right)
  if left
    puts left
  else
    if right
      puts right
    end
  end
end

# A modifier is the condition that it is; so is unless.
# metrics: cyclomatic=4 cognitive=3 nesting=1 exits=2
def modifiers(value)
  return 1 if value.nil?
  raise ArgumentError unless value.positive?
  value -= 1 while value > 10
end

# metrics: cyclomatic=4 cognitive=1 nesting=1 params=1
def cases(value)
  case value
  when 1 then "one"
  when 2, 3 then "some"
  when 4 then "four"
  else "many"
  end
end

# Arms of patterns: a guard decides, the wildcard does not.
# metrics: cyclomatic=4 cognitive=2
def patterns(value)
  case value
  in [x, y] if x == y then x
  in [x, _] then x
  in _ then nil
  end
end

# A block is a function; its decisions count for the function that passes it.
# metrics: cyclomatic=3 cognitive=3
def blocks(rows)
  rows.each do |row|
    puts row if row
  end
  rows.map { |row| row.to_s || "" }
end

# Handlers: each catches; ensure is free.
# metrics: cyclomatic=4 cognitive=4 nesting=2 exits=1
def handlers(path)
  begin
    read(path)
  rescue IOError
    raise if path
  rescue ArgumentError
    puts path
  ensure
    close
  end
end

# metrics: cyclomatic=2 cognitive=1
def rescued(path)
  Integer(path) rescue 0
end

# One sequence of like operators is one; another operator begins another.
# metrics: cyclomatic=5 cognitive=3
def logic(a, b, c)
  x = a && b && c
  y = a || b and c
  x
end

# metrics: cyclomatic=3 cognitive=4 nesting=2 params=5
def everything(a, *b, c: 1, **d, &e)
  loop do
    break if a
  end
  a ? b : c
end

class Sample
  # metrics: cyclomatic=2 cognitive=1 name=helper qualified=Sample.helper
  def helper(value) = value ? 1 : 2

  # metrics: cyclomatic=1 cognitive=0 name=build
  def self.build
    new
  end
end

# A loop without a condition decides nothing, the break in it does.
# metrics: cyclomatic=2 cognitive=3 nesting=2
def endless
  loop do
    break if go
  end
end

# An assignment of a default decides, and is shorthand.
# metrics: cyclomatic=4 cognitive=3
def choices(a, b, c)
  c ||= 1
  a ? 1 : b ? 2 : c
end

# metrics: cyclomatic=2 cognitive=2 params=1
def count(n)
  n == 0 ? 0 : count(n - 1)
end

# metrics: cyclomatic=1 cognitive=2
def named_lambda
  # metrics: cyclomatic=2 cognitive=1 params=1 name=check
  check = ->(a) { a ? 1 : 2 }
  check.call(1)
end

# class-metrics: methods=3 cyclomatic=4 cognitive=3
class Stack
  # metrics: cyclomatic=1 params=1
  def initialize(items)
    @items = items
  end

  # metrics: cyclomatic=2 cognitive=2 params=0 qualified=Stack.drain
  def drain
    self.drain if @items.pop
  end

  # metrics: cyclomatic=1 cognitive=1
  def self.forever(n)
    forever(n)
  end
end
