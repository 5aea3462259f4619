#!/bin/bash
# Expected values of the metrics, above each function.

# metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 name=nothing
nothing() {
  :
}

# metrics: cyclomatic=3 cognitive=3 nesting=1 exits=1
grade() {
  if [ "$1" -gt 90 ]; then
    echo a
  elif [ "$1" -gt 80 ]; then
    return 1
  else
    echo c
  fi
}

# metrics: cyclomatic=3 cognitive=4 nesting=2
nested_in_else() {
  if [ -n "$1" ]; then
    echo "$1"
  else
    if [ -n "$2" ]; then
      echo "$2"
    fi
    echo end
  fi
}

# The arm for everything is no decision.
# metrics: cyclomatic=3 cognitive=1 nesting=1
cases() {
  case $1 in
    a | b) echo ab ;;
    c) echo c ;;
    *) echo other ;;
  esac
}

# A list decides, in a test and between commands.
# metrics: cyclomatic=7 cognitive=5 exits=1
lists() {
  cd "$1" || return 1
  [[ -f $1 && -r $1 && -s $1 ]] && cat "$1"
  [ -n "$1" ] && echo "$1" || true
}

# metrics: cyclomatic=5 cognitive=6 nesting=2
function loops {
  for file in *; do
    while read -r line; do
      echo "$line"
    done <"$file"
  done
  for ((i = 0; i < 3; i++)); do
    (( i > 1 ? i : 2 ))
  done
}

# A function of one command, and one in a subshell.
# metrics: cyclomatic=1 cognitive=0 nesting=0 name=inner
inner() ( echo "$1" )

# metrics: cyclomatic=3 cognitive=3 nesting=2
until_done() {
  until ping -c 1 "$1"; do
    if [ -n "$2" ]; then break; fi
  done
}
