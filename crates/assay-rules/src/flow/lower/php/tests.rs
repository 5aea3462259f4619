//! PHP as it is lowered, in text.

use crate::flow::lower::check_lowering;

fn check(code: &str, expected: &str) {
    check_lowering("app/page.php", code, expected);
}

#[test]
fn names_are_resolved_and_texts_put_together() {
    check(
        r#"<?php
namespace App\Web;
use Lib\Tools as T;
$id = $_GET['id'];
echo "a $id {$x->name}\n", T\clean(STRLEN($id));
"#,
        r##"Top #0 .(x: ?)
  default x = %1
    %1 = global $x
  %3 = global $_GET
  %4 = "id"
  %5 = %3[%4]
  $_GET[id] = %5
  id = $_GET[id]
  %7 = "a "
  %8 = " "
  %9 = x.name
  %10 = "\n"
  %11 = text(%7, id, %8, %9, %10)
  %12 = global echo
  %13 = %12(%11)
  %14 = global strlen
  %15 = %14(id)
  %16 = global Lib.Tools.clean
  %17 = %16(%15)
  %18 = global echo
  %19 = %18(%17)
"##,
    );
}

#[test]
fn references_go_in_boxes() {
    check(
        r#"<?php
function fill(array &$out, $more = 1) {
    $out['a'] = $more;
}
fill($box, more: 2);
"#,
        r##"Top #0 .()
  %1 = 2
  %2 = "&"
  %3 = {%2: box}
  %4 = global fill
  %5 = %4(%3, more=%1)
  %6 = %3.&
  box = %6
Plain #1 .fill(out: ?, more: ?)
  default more = %2
    %2 = 1
  %3 = out
  %4 = %3.&
  out = %4
  %5 = "a"
  out[%5] = more
  %3.& = out
"##,
    );
}

#[test]
fn classes_have_members_traits_and_promoted_fields() {
    check(
        r#"<?php
class A extends \B\C implements D {
    use E;
    const F = 1;
    private static $g = 2;
    public string $h = 'h';
    function __construct(private ?int $i) { parent::__construct($i); }
    static function j() { return self::$g . static::F; }
}
new A(3);
"#,
        r##"class A : B.C, D, E
Top #0 .()
  %0 = 1
  global A.F = %0
  %1 = 2
  global A.g = %1
  %2 = 3
  %3 = new A(%2)
Method #1 A.<fields>(this: A)
  %1 = "h"
  this.h = %1
Constructor #2 A.<init>(this: A, i: int)
  this.i = i
  %2 = super.<init>(this, i)
Plain #3 A.j()
  %0 = global A.g
  %1 = global A.F
  %2 = text(%0, %1)
  return %2
"##,
    );
}

#[test]
fn pages_show_what_stands_in_tags() {
    check(
        r#"<h1><?= $title ?></h1>
<?php foreach ($items as $key => &$item): ?>
<li><?php echo $item ?></li>
<?php endforeach; include 'foot.php' ?>
"#,
        r##"Top #0 .(items: ?, title: ?)
  default items = %1
    %1 = global $items
  default title = %3
    %3 = global $title
  %4 = global echo
  %5 = %4(title)
  each %6 of items (Values)
    item = %6
    key = %7
    %10 = global echo
    %11 = %10(item)
    items[%7] = item
  %12 = module app/foot.php(title=title, items=items, key=key, item=item)
  %13 = %12.title
  title = %13
  %14 = %12.items
  items = %14
  %15 = %12.key
  key = %15
  %16 = %12.item
  item = %16
  %17 = %12.return
"##,
    );
}
