<!DOCTYPE html>
<h1>Ledger</h1>
<?php

declare(strict_types=1);

namespace Example\Ledger;

use Example\Storage\{Disk, Memory as Ram};
use Example\Base, Example\Shape as Form;
use function Example\helper;

require_once __DIR__ . '/storage.php';
require 'a.php';
include 'b.php';
include_once "c.php";

const LIMIT = 10_000, RATE = 0.25;

/**
 * How an entry looks.
 */
interface Described extends Base
{
    const WIDTH = 8;

    public function describe(?int $amount, string $unit = 'EUR'): string;
}

trait Counts
{
    private int $count = 0;
}

enum Kind: string implements Described
{
    case Deposit = 'd';
    case Other = 'o';

    public static function first(): self { return self::Deposit; }
}

#[Logged(level: 1)]
abstract class Entry extends Base implements Described, \Countable
{
    use Counts;

    public const A = 1, B = 2;
    public static ?Entry $first = null, $last;
    protected readonly string|int $note;
    public string $title {
        get => strtoupper($this->title);
        set(string $value) { $this->title = $value; }
    }

    public function __construct(private int $amount, protected ?string $label = null, callable ...$rest)
    {
        parent::__construct($amount);
        $this->note = $label ?? 'none';
    }

    abstract protected function weigh(): never;

    # Names are compared by reference.
    final public static function &compare(Entry $a, self &$b): bool
    {
        return static::$first === $a and $b instanceof Entry;
    }
}

function classify($entry, array $counts = [1, 'a' => 2])
{
    global $log;
    static $calls = 0;
    if ($entry === null || $counts[0] >= 3 && !is_array($entry)) {
        return false;
    } elseif ($entry->amount <> 0) {
        return true;
    } else if ($entry?->note) {
        echo "note {$entry->note} $calls\n", `ls $log`;
    } else {
        ;
    }
    if ($calls): print 'a'; elseif ($log): else: endif;
    switch ($entry->kind) {
        case 1:
        case 'x':
            break;
        default:
            throw new \RuntimeException('what is it?');
    }
    $letter = match (true) {
        $calls < 3, $calls == 4 => 'few',
        default => 'many',
    };
    return $counts ? $letter : ($log ?: 'none');
}

function count_up(int $from, iterable $entries): \Generator
{
    for ($i = 0, $n = 3; $i < $n; $i++) {
        foreach ($entries as $key => $value) {
            if ($key % 2) continue 2;
            else break;
        }
        while ($from <= 10) $from += $i ** 2;
        do {
            --$from;
        } while ($from > 100);
    }
    start:
    try {
        yield $from => ~$i << 1;
    } catch (TypeError | ValueError $error) {
        goto start;
    } finally {
        unset($entries[0]);
    }
    [$a, [, $b]] = list($c, $d) = $entries;
    $copy = clone $entries['x'];
    @unlink('x');
    $ref = &$copy;
    exit(1);
}

$twice = fn(int $x): int => $x * 2;
$sum = function ($a, $b) use ($twice, &$log) { return $a + $b . 'text'; };
$made = new class(3) extends Entry { public function weigh(): never { exit; } };
$text = <<<HTML
    <b>$text {$made->note}</b>
    HTML;
$raw = <<<'RAW'
    as $it is
    RAW;
$made->each(Entry::A, ...$rest);
$made?->next(amount: 1)->{'x'} .= $$name;
Entry::compare($a, Entry::$last);

namespace Example\Other {
    function inside() {}
}
?>
<p class="total"><?= $total ?></p>
<?php if ($total): ?>
  <b>some</b>
<?php endif ?>
