-- Expected values of the metrics, above each function.
module Metrics where

-- metrics: cyclomatic=1 cognitive=0 nesting=0 params=1 name=nothing
nothing x = x

-- metrics: cyclomatic=1 cognitive=0 params=0 name=constant
constant = 1

-- metrics: cyclomatic=3 cognitive=3 nesting=1 params=1
grade points =
  if points > 90
    then "a"
    else if points > 80 then "b" else "c"

-- metrics: cyclomatic=3 cognitive=2 params=1
guarded value
  | value > 60 = "hot"
  | value > 20 = "mild"
  | otherwise = "cold"

-- metrics: cyclomatic=3 cognitive=1 nesting=1
cases value = case value of
  Just 1 -> 1
  Just x -> x
  _ -> 0

-- metrics: cyclomatic=4 cognitive=3 params=2
logic a b = a && b || a && not b

-- metrics: cyclomatic=3 cognitive=1
ways n = if | n < 0 -> -1
            | n > 0 -> 1
            | otherwise -> 0

-- metrics: cyclomatic=3 cognitive=0
list xs = [ x | x <- xs, odd x ]

-- metrics: cyclomatic=1 cognitive=0 params=2 name=<+>
a <+> b = a + b
