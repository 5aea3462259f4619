#!/usr/bin/env bash
# Moves old log files to an archive.
set -euo pipefail

source ./lib/common.sh
. "$HOME/.archive.conf"

readonly KEEP_DAYS=14
declare -A counts=([moved]=0 [kept]=0)
export ARCHIVE="${ARCHIVE:-/var/archive}"
names=(alpha beta "gamma delta")

usage() {
  cat <<-TEXT
	usage: $0 [-n] [-d DAYS] DIR
	TEXT
  return 2
}

function age_in_days {
  local file=$1 now
  now=$(date +%s)
  echo $(( (now - $(stat -c %Y "$file")) / 86400 ))
}

move() (
  cd "$1" || return 1
  gzip -9 <"$2" >"$2.gz" 2>/dev/null && rm -f -- "$2"
)

main() {
  local dry=0 days=$KEEP_DAYS option
  while getopts 'nd:h' option; do
    case $option in
      n) dry=1 ;;
      d) days=$OPTARG ;;&
      h | help)
        usage
        exit 0
        ;;
      *) exit 64 ;;
    esac
  done
  shift $((OPTIND - 1))

  if [[ $# -eq 0 || -z $1 ]]; then
    usage
  elif [ ! -d "$1" ] && ! test -L "$1"; then
    printf $'not a folder:\t%s\n' "$1" >&2
    exit 1
  else
    echo "archiving ${1%/} ${#names[@]}"
  fi

  for file in "$1"/*.log; do
    [[ -f $file && $file =~ \.log$ ]] || continue
    if (( $(age_in_days "$file") > days )); then
      (( dry )) || move "$1" "$file"
      counts[moved]=$(( ${counts[moved]} + 1 ))
    else
      break
    fi
  done

  for (( i = 0; i < 3; i++ )); do
    echo "$i" | tee -a log | wc -l
  done

  until ping -c 1 host; do sleep 1; done
  select name in "${names[@]}"; do echo "$name"; break 2; done
  diff <(sort a) <(sort b) || true
  total=$(( days > 7 ? days : 7 ))
  unset names
  trap 'rm -f "$tmp"' EXIT
  [ "$dry" -eq 1 -o "$days" != 3 ] && eval "$(cat rc)" &
  wait; echo 'done' `hostname` ${total//7/8} <<< "$total"
}

main "$@"
