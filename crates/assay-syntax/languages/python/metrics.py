# Expected values of the metrics, above each function. Rules: docs/metrics.md.
# file-metrics: classes=3

# metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 name=nothing
def nothing():
    pass


# metrics: cyclomatic=4 cognitive=4 nesting=1 params=1 exits=4
def grade(points):
    if points > 90:
        return "a"
    elif points > 80:
        return "b"
    elif points > 70:
        return "c"
    else:
        return "d"


# A condition nested in an else is no else-if: one for the else, two for the if.
# metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
def nested_in_else(left, right):
    if left:
        print(left)
    else:
        if right:
            print(right)


# metrics: cyclomatic=4 cognitive=6 nesting=3
def three_deep(rows):
    for row in rows:
        while row:
            if row.pop():
                print(row)


# The else of a loop or of a try is an else to the reader, and no path of its own.
# metrics: cyclomatic=3 cognitive=4 nesting=2 exits=1
def loop_else(items, wanted):
    for item in items:
        if item == wanted:
            return item
    else:
        print("none")


# Handlers: each catches, nesting goes up inside of them; try and finally are free.
# metrics: cyclomatic=4 cognitive=5 nesting=2 exits=1
def handlers(path):
    try:
        read(path)
    except OSError:
        if path:
            raise
    except ValueError:
        print(path)
    else:
        print("read")
    finally:
        close(path)


# A sequence of like operators is one increment: and, then or.
# metrics: cyclomatic=5 cognitive=3
def sequences(a, b, c, d):
    if a and b and c or d:
        print(a)


# Parentheses do not begin a sequence, a negation does.
# metrics: cyclomatic=4 cognitive=1 exits=1
def parentheses(a, b, c, d):
    return a and (b and (c and d))


# metrics: cyclomatic=3 cognitive=2
def negation(a, b, c):
    return a and not (b and c)


# metrics: cyclomatic=3 cognitive=2
def inside_a_call(a, b, c):
    return a and any([b and c])


# Conditional expressions nest.
# metrics: cyclomatic=3 cognitive=3 nesting=0
def chosen(a, b):
    return 1 if a else (2 if b else 3)


# The condition is read before going in: the conditional in it is not nested.
# metrics: cyclomatic=3 cognitive=2 nesting=1
def choice_in_condition(a, b):
    if (1 if a else b):
        print(a)


# A comprehension decides, but reads as one expression.
# metrics: cyclomatic=5 cognitive=1 params=1
def comprehension(rows):
    return [cell for row in rows for cell in row if cell and row][0]


# metrics: cyclomatic=3 cognitive=1 nesting=1 exits=2
def matching(command):
    match command:
        case "go":
            return 1
        case "stop" | "halt":
            return 0
        case _:
            print(command)


# A guard asks again, as else-if does.
# metrics: cyclomatic=4 cognitive=2
def guarded(point):
    match point:
        case (x, y) if x == y:
            print(x)
        case (x, 0):
            print(x)
        case _:
            print("elsewhere")


# metrics: cyclomatic=2 cognitive=2 exits=2
def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


# metrics: cyclomatic=1 cognitive=1
def ping(n):
    pong(n - 1)


# metrics: cyclomatic=1 cognitive=1
def pong(n):
    ping(n - 1)


# A function of another object may have the same name.
# metrics: cyclomatic=1 cognitive=0
def close(handle):
    handle.close()


# A function that wraps another one is a decorator: what it wraps is not nested.
# metrics: cyclomatic=1 cognitive=1 exits=1
def decorator(function):
    """Wraps a function."""

    # metrics: cyclomatic=2 cognitive=1 exits=1
    def wrapper(*args, **kwargs):
        if args:
            return function(*args, **kwargs)

    return wrapper


# metrics: cyclomatic=1 cognitive=2
def not_a_decorator(function):
    count = 0

    # metrics: cyclomatic=2 cognitive=1 params=2
    def wrapper(*args, **kwargs):
        if args:
            print(count)

    return wrapper


# metrics: cyclomatic=1 cognitive=1
def decorator_with_arguments(name):
    def decorate(function):
        def wrapper():
            if name:
                function()

        return wrapper

    return decorate


# A nameless function counts towards the one around it.
# metrics: cyclomatic=3 cognitive=3 params=1
def with_lambda(items):
    items.sort(key=lambda item: item.name if item and item.name else "")


# metrics: cyclomatic=1 cognitive=2 exits=0
def with_named_lambda(items):
    # metrics: cyclomatic=2 cognitive=1 params=1 name=pick
    pick = lambda item: 1 if item else 0
    print(pick(items))


# Parameters: positional, defaults, variadic, keyword only.
# metrics: params=6
def parameters(a, /, b: int, c=1, *args, d: str = "x", **kwargs):
    pass


# class-metrics: cyclomatic=4 cognitive=2 methods=3 functions=3 nesting=1
class Stack:
    # metrics: cyclomatic=1 cognitive=0 params=1 qualified=Stack.__init__
    def __init__(self, items):
        self.items = items

    # A method that calls itself on its own object.
    # metrics: cyclomatic=2 cognitive=2 params=0 exits=0
    def drain(self):
        if self.items:
            self.drain()

    # A function of this name outside of the class is meant, not the method.
    # metrics: cyclomatic=1 cognitive=0
    def close(self):
        close(self.items)
        self.other.close()


# A class inside a function: its methods are nested.
# metrics: cyclomatic=1 cognitive=2
def make_class():
    class Local:
        # metrics: cyclomatic=2 cognitive=1
        def method(self):
            if self:
                print(self)

    return Local


# Lines: seven in all; one has code and a comment and counts as both.
# metrics: lines=7 source-lines=3 comment-lines=3 blank-lines=2
def lines():
    # a comment

    x = 1  # code and comment

    # another comment
    return x


# Operators: def ( : = + return; operands: small a b 2 a b a, of which 4 differ.
# metrics: n1=7 n2=4 N1=7 N2=7
def small(a, b):
    a = b + 2
    return a


class Empty:
    pass
