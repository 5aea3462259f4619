library ledger;

import 'dart:async';
import 'package:ledger/storage.dart' as storage show open hide close;
export 'src/entry.dart';
part 'ledger.g.dart';

/// How an entry looks.
abstract class Described<T extends Object> {
  int get width;
  set label(String value);
  String describe(T amount, [String unit = 'EUR']);
  external int seal(int a);
}

mixin Counted on Described { int count = 0; }
enum Kind implements Comparable {
  deposit(1), withdrawal;
  const Kind([this.sign = -1]);
  final int sign;
  int compareTo(other) => 0;
}
extension Shout on String { String shout(int times) => this * times; }
extension type Id(int value) {}
typedef Filter = bool Function(Entry entry, int);
const limit = 10000, rate = 0.25;
int get total => 0;
set total(int value) {}

/* Not for everyone. */
@immutable
class Entry<T> extends Base with Counted implements Described {
  static const int a = 1, b = 2;
  final String? note;
  late var letters = <String>['a'], others;

  Entry(this.amount, int first, {required this.note, int step = 1, super.key, void by(int z)?})
      : letters = [], super(first) {
    count = first;
  }
  Entry.empty() : this(0, 1, note: null);
  const Entry.fixed(this.amount);
  factory Entry.parse(String text) => Entry(1, 2, note: text);
  factory Entry.other() = Other.made;

  int get width => 8;
  set label(String value) { count = value.length; }
  bool operator ==(Object other) => other is Entry && other is! Base;
  int operator [](int index) => index;
  Future<void> save() async { await storage.open(); }
}

String classify(Object? entry, List<int> counts, bool Function(int, int) by) {
  if (entry == null || counts[0] >= 3 && !by(1, 2)) {
    return "none";
  } else if (entry case String text when text.isNotEmpty) {
    return '$entry and ${counts.length}';
  } else {
    ;
  }
  switch (entry) {
    case 1:
    case 2:
      break;
    case int n when n > 3:
      return 'large';
    default:
      throw ArgumentError('what is it?');
  }
  final found = switch (counts) {
    [] => 'none',
    [_, ...] when counts.length < 4 => 'few',
    _ => 'many',
  };
  return counts.isEmpty ? found : counts.first as String;
}

int countAll(Map<String, int> entries) {
  var sum = 0, step = ~1;
  outer:
  for (final entry in entries.entries) {
    for (var i = 0; i < 10; i++) {
      if (i % 2 != 0) continue outer;
      if (i == 4) break outer; else continue;
    }
    while (sum <= 10) sum += entry.value << 2 & 0x1F;
    do {
      --sum;
    } while (sum > 100);
  }
  try {
    sum = risky() ~/ 2;
  } on StateError {
    sum = -1;
  } on FormatException catch (error, stack) {
    rethrow;
  } catch (error) {
    sum ??= 1;
  } finally {
    done();
  }
  assert(sum > 0, 'positive');
  return sum;
}

Iterable<int> pass(dynamic made) sync* {
  var twice = (int x) => x * 2;
  final sum = (a, b) { return a + b; };
  int local(int u) => u;
  var squares = [for (var n in [1, 2]) if (n > 1) n * n, ...?others];
  var table = {'a': 1, "b": true};
  made?.note!.length;
  made..label = r'raw $text'..save();
  var (left, right) = (1, name: false);
  var a = new Entry(1), b = const Entry.fixed(2), c = made ?? null;
  print(['''many
  lines''', """and
  more"""].map((it) => it));
  yield 1;
  yield* numbers;
}
