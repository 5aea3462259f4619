// Expected values of the metrics, above each function. Rules: docs/metrics.md.

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
void nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
int sign(int number) {
  if (number > 0) {
    return 1;
  } else if (number < 0) {
    return -1;
  } else {
    return 0;
  }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
void nestedInElse(bool left, bool right) {
  if (left) {
    go();
  } else {
    if (right) go();
  }
}

// metrics: cyclomatic=5 cognitive=7 nesting=3
void loops(List<List<int>> rows) {
  for (var row in rows) {
    for (var i = 0; i < row.length; i++) {
      while (row[i] > 0) row[i]--;
    }
  }
  do {} while (go());
}

// metrics: cyclomatic=3 cognitive=1 nesting=1 exits=3
String word(int number) {
  switch (number) {
    case 1:
    case 2:
      return 'few';
    case 3:
      return 'some';
    default:
      return 'many';
  }
}

// metrics: cyclomatic=3 cognitive=3 nesting=2 exits=1
void handlers() {
  try {
    go();
  } catch (error) {
    if (stop()) rethrow;
  } finally {
    stop();
  }
}

// metrics: cyclomatic=6 cognitive=3
bool sequences(bool a, bool b, bool c, bool d, bool e, bool f) => a && b && c || d || e && f;

// metrics: cyclomatic=4 cognitive=2
bool parentheses(bool a, bool b, bool c, bool d) => a && (b && !(c && d));

// metrics: cyclomatic=4 cognitive=3
int choices(bool a, bool b, int? c) => a ? 1 : b ? 2 : c ?? 3;

// metrics: cyclomatic=4 cognitive=7 nesting=3
void jumps(List<List<int>> rows) {
  outer:
  for (var row in rows) {
    for (var cell in row) {
      if (cell == 0) continue outer;
    }
  }
}

// metrics: cyclomatic=2 cognitive=2
int count(int n) => n == 0 ? 0 : count(n - 1);

// metrics: cyclomatic=2 cognitive=2 nesting=2
void lambda(List<String> items) {
  items.forEach((item) {
    if (item.isEmpty) stop();
  });
}

// class-metrics: methods=2 cyclomatic=3 cognitive=3
class Stack {
  // metrics: cyclomatic=2 cognitive=2 params=0 qualified=Stack.drain
  void drain() {
    if (items.isNotEmpty) this.drain();
  }

  // metrics: cyclomatic=1 cognitive=1
  void loop() {
    loop();
  }
}

// metrics: params=3
void parameters(int a, [int b = 1, String? c]) {}
