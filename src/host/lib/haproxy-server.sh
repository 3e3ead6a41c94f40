# One server of HAProxy, as `haproxy-set` and `haproxy-leave` see and set it. A program that asks for this text with
# `# uses: haproxy haproxy-server` sets `socket`, `backend` and `server` first.

give_up() { # CODE WORDS
  echo "$2" >&2
  exit "$1"
}

newline='
'
table='1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight '

# Runs a command, if there is one, and reads what people want of the server, its health left aside:
# admin (bit 1 maint, bit 8 drain), its weight `now`, its address. What further questions say stays in `answer`.
look() { # [COMMAND [MORE-QUESTIONS]]
  # a dot matches itself and what is seldom in its place: too many rows are no harm
  answer=$(haproxy_ask "$socket" "${1:+$1;}show servers state $backend${2:+;$2}" \
    "^[0-9]+ $backend [0-9]+ $server |^$backend,$server,|^Pid: ") || give_up 4 "no answer at $socket"
  case $answer in
  '') give_up 4 "an empty answer at $socket" ;;
  # success is an empty line
  "$table"* | "$newline$table"*) ;;
  *) give_up 3 "${answer%%"$table"*}" ;;
  esac
  admin=
  while read -r first _ _ name address _ bits weight_now _ _ _ _ _ _ _ _ _ _ port _; do
    [ "$first" != '#' ] && [ "$name" = "$server" ] && admin=$((bits & 9)) now=$weight_now at=$address:$port && break
  done <<EOF
$answer
EOF
  [ -n "$admin" ] || give_up 3 'No such server.'
}

as_wanted() { # in|draining|out [WEIGHT]
  case $1 in
  in) [ $admin -eq 0 ] && [ "$now" = "$2" ] ;;
  draining) [ $admin -eq 8 ] ;;
  out) [ $admin -eq 1 ] || [ $admin -eq 9 ] ;;
  *) give_up 3 "not a state: $1" ;;
  esac
}

# To be called after a command: otherwise a reload came in between, or somebody else.
prove() { # in|draining|out [WEIGHT]
  as_wanted "$@" ||
    give_up 5 "$backend/$server is not $1 although HAProxy took it: admin state $admin, weight $now"
}
