//! Go as it is lowered, in text.

use crate::flow::lower::check_lowering;

fn check(code: &str, expected: &str) {
    check_lowering("app/web.go", code, expected);
}

#[test]
fn switches_without_a_subject_are_chains() {
    check(
        r#"package web

import "log"

func f(kind int) string {
	command := "a"
	switch {
	case kind > 9:
		command = "b"
	case kind == 2, kind == 3:
		command = "c"
	default:
		command = "d"
	}
	log.Printf("x %s", command)
	return command
}
"#,
        r#"Top #0 .()
Plain #1 .f(kind: int)
  %1 = "a"
  command = %1
  block 0
    %3 = 9
    %4 = kind Gt %3
    if %4
      %5 = "b"
      command = %5
    else
      %6 = 2
      %7 = kind Eq %6
      %10 = %7 or %9
        %8 = 3
        %9 = kind Eq %8
      if %10
        %11 = "c"
        command = %11
      else
        %13 = true
        if %13
          %12 = "d"
          command = %12
  %14 = global log
  %15 = "x %s"
  %16 = %14.Printf(%15, command)
  return command
"#,
    );
}

#[test]
fn several_results_methods_and_packages_are_resolved() {
    check(
        r#"package web

import (
	"net/http"
	"example.org/shop/v2/store"
	db "example.org/shop/v2/store/sql"
)

type server struct {
	store.Base
	names []string
	next  *server
}

func (s *server) find(w http.ResponseWriter, key string, more ...int) (out string, err error) {
	value, err := db.Get(s.names, more...)
	if _, ok := value.(string); !ok {
		return
	}
	go s.next.find(w, key)
	s.next = &server{names: []string{value}}
	return value, nil
}
"#,
        r#"class app.server : example.org/shop/store.Base
Top #0 .()
Method #1 app.server.find(s: app.server, w: net/http.ResponseWriter, key: string, more: int[])
  %4 = ""
  out = %4
  %6 = null
  err = %6
  %8 = global example.org/shop/store/sql
  %9 = s.names
  %10 = %8.Get(%9, ...more)
  %11 = %10 part 0
  %12 = %10 part 1 status
  value = %11
  err = %12
  %15 = value is string
  %16 = value as string
  ok = %15
  %18 = Not ok
  if %18
    %19 = [out, err]
    return %19
  %20 = s.next
  %21 = %20.find(w, key)
  %22 = [value]
  %23 = new app.server()
  %23.names = %22
  s.next = %23
  %24 = null
  %25 = [value, %24]
  return %25
"#,
    );
}
