# nginx, as Pawl's programs ask it, write for it and prove what it serves. A program that asks for this text with
# `# uses: give-up nginx` sets `folder` and `port` first.
#
#   $folder/UPSTREAM.servers  the servers of an upstream, one a line, each with its name:
#                             server 192.0.2.11:8080 weight=100; # web1
#   $folder/UPSTREAM.maps     who gets a maintenance page, and what it says; empty while all get through
#   $folder/UPSTREAM.door     what a location does with that; empty likewise
#   $folder/UPSTREAM.testers  who is a test user, and the upstream that these get: UPSTREAM itself while they are like all
#   $folder/served.conf       a server on 127.0.0.1:$port that says of each of these files which one is served: the
#                             digest of what nginx reads of it, when it was written, and who answers. It shows servers
# A reload reads all, so whoever answers with a digest serves what it stands for.

# nginx lies where only root looks
PATH=$PATH:/usr/sbin:/usr/local/sbin

# What nginx reads of a file: comments among servers say what is wanted, and need no reload.
nginx_digest() { # FILE
  case $1 in
  *.servers | *.servers.new) digest=$(sed 's/#.*//; s/^[[:blank:]]*//; s/[[:blank:]]*$//; /^$/d' "$1" | sha256sum) ;;
  *) digest=$(sha256sum <"$1") ;;
  esac && echo "${digest%% *}"
}

nginx_served_conf() { # STAMP
  echo '# Written by Pawl (docs/nginx.md): tells what nginx serves.'
  echo "include $folder/*.maps;"
  echo "include $folder/*.testers;"
  echo 'server {'
  echo "    listen 127.0.0.1:$port;"
  echo '    access_log off; auth_basic off; open_file_cache off; default_type text/plain;'
  for ours in "$folder"/*.servers "$folder"/*.maps "$folder"/*.door "$folder"/*.testers; do
    [ -e "$ours" ] || continue
    # what passes are good for is nobody else's business
    case $ours in *.servers) shown="alias $ours" ;; *) shown='return 204' ;; esac
    echo "    location = /${ours##*/} { add_header X-Pawl-Served \"$(nginx_digest "$ours") $1 \$pid\" always; $shown; }"
  done
  echo '}'
}

# Sets `served`, `stamp` and `worker`: what nginx says that it serves of a file, since when, and which process says so.
# Fails when there is no answer within 2 s.
nginx_ask() { # NAME
  # PF_INET is 2 and SOCK_STREAM 1 on Linux; perl's module Socket takes longer to load than all the rest
  # shellcheck disable=SC2016
  answer=$(perl -e '
    alarm 2;
    my ($port, $path) = @ARGV;
    socket(my $nginx, 2, 1, 0) or die "$!\n";
    connect($nginx, pack("S n C4 x8", 2, $port, 127, 0, 0, 1)) or die "$!\n";
    syswrite($nginx, "HEAD /$path HTTP/1.0\r\n\r\n");
    while (<$nginx>) { print "$1\n" if /^X-Pawl-Served: (\w+ \d+ \d+)\r?$/i }
  ' "$port" "$1" 2>/dev/null 8>&- 9>&-) || return 1
  case $answer in
  *' '*' '*) ;;
  *) return 1 ;;
  esac
  served=${answer%% *} worker=${answer##* }
  stamp=${answer#* } stamp=${stamp% *}
}

# Sets `master` from the worker that answered.
nginx_master() {
  master=
  while read -r key value; do
    [ "$key" = PPid: ] && master=$value && break
  done <"/proc/$worker/status" 2>/dev/null
  [ -n "$master" ] || give_up 4 "nginx's process $worker cannot be looked into: does it run in a container?"
}

# Prints its workers: PID START old|now, the start in ticks since the boot. An old one is being replaced: it takes
# no new connections, and ends with those that it has.
nginx_workers() {
  for status in $(grep -lsx "PPid:[[:blank:]]*$master" /proc/[0-9]*/status); do
    pid=${status#/proc/} pid=${pid%/status}
    title='' numbers=''
    { read -r title <"/proc/$pid/cmdline"; read -r numbers <"/proc/$pid/stat"; } 2>/dev/null
    case $title in
    'nginx: worker process is shutting down'*) age=old ;;
    'nginx: worker process'*) age=now ;;
    *) continue ;;
    esac
    numbers=${numbers##*) }
    # shellcheck disable=SC2086
    set -- $numbers
    echo "$pid ${20} $age"
  done
}
