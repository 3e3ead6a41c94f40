# One server of HAProxy, as `haproxy-set` and its likes see and set it. A program that asks for this text with
# `# uses: give-up haproxy haproxy-server wanted` sets `socket`, `backend` and `server` first.

newline='
'
table='1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight '

# Runs a command, if there is one, and reads what people want of the server, its health left aside:
# admin (bit 1 maint, bit 8 drain), its weight `now`, its address, its whole `row`. What further questions say stays
# in `answer`.
look() { # [COMMAND [MORE-QUESTIONS]]
  ask "$server" "$@"
  pick
}

# Runs commands, if there are any, and keeps the rows of a server, or of all that match, in `answer`.
ask() { # SERVER [COMMANDS [MORE-QUESTIONS]]
  # a dot matches itself and what is seldom in its place: too many rows are no harm
  answer=$(haproxy_ask "$socket" "${2:+$2;}show servers state $backend${3:+;$3}" \
    "^[0-9]+ $backend [0-9]+ $1 |^$backend,$1,|^Pid: ") || give_up 4 "no answer at $socket"
  [ -n "$answer" ] || give_up 4 "an empty answer at $socket"
  # success is an empty line for each command
  while [ "${answer#"$newline"}" != "$answer" ]; do answer=${answer#"$newline"}; done
  case $answer in
  "$table"*) ;;
  *) refused "${answer%%"$table"*}" ;;
  esac
}

# Finds the server in the answer.
pick() {
  admin=
  while read -r first proxy number name address operation bits weight_now others; do
    [ "$first" != '#' ] && [ "$name" = "$server" ] && admin=$((bits & 9)) now=$weight_now && break
  done <<EOF
$answer
EOF
  [ -n "$admin" ] || refused 'No such server.'
  row="$first $proxy $number $name $address $operation $bits $weight_now $others"
  # shellcheck disable=SC2086
  set -- $others
  at=$address:${11}
}

# HAProxy has said no: nothing has become of what was wanted.
refused() { # WORDS
  wanted_undo
  give_up 3 "$1"
}

as_wanted() { # in|held|draining|out [WEIGHT]
  case $1 in
  in | held) [ $admin -eq 0 ] && [ "$now" = "$2" ] ;;
  draining) [ $admin -eq 8 ] ;;
  out) [ $admin -eq 1 ] || [ $admin -eq 9 ] ;;
  *) give_up 3 "not a state: $1" ;;
  esac
}

# To be called after a command: otherwise a reload came in between, or somebody else.
prove() { # in|held|draining|out [WEIGHT]
  as_wanted "$@" ||
    give_up 5 "$backend/$server is not $1 although HAProxy took it: admin state $admin, weight $now"
}

bring() { # in|held|draining|out [WEIGHT]
  case $1 in
  in | held)
    look
    # the weight first: no request comes at a wrong one, and none when it is refused
    [ "$now" = "$2" ] || look "set weight $backend/$server $2"
    look "set server $backend/$server state ready"
    ;;
  draining) look "set server $backend/$server state drain" ;;
  out) look "set server $backend/$server state maint" ;;
  esac
}
