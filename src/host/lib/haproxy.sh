# Asks HAProxy's runtime API. A program asks for this text with `# uses: haproxy`.

# Rows of HAProxy's tables: of a backend's servers, of statistics, of `show info`. What it says in words is none.
haproxy_rows='^([0-9]+ [^ ]+ [0-9]+ [^ ]+ |[^ ,#]+,[^,]+,|[A-Za-z_]+: )'

# Prints the answer to commands with `;` between them. Fails when there is none within 2 s.
haproxy_ask() { # SOCKET COMMANDS [ROWS]: of tables only the rows that match; a shell reads letter by letter
  if command -v perl >/dev/null; then
    # perl-base is on every Debian, socat is not. Its module Socket takes longer to load than all the rest:
    # PF_UNIX and SOCK_STREAM are 1 on Linux, and the address is a family and a path.
    # shellcheck disable=SC2016
    perl -e '
      alarm 2;
      my ($path, $commands, $tables, $wanted) = @ARGV;
      socket(my $haproxy, 1, 1, 0) or die "$!\n";
      connect($haproxy, pack("S a*", 1, $path)) or die "$!\n";
      syswrite($haproxy, "$commands\n");
      shutdown($haproxy, 1);
      while (<$haproxy>) { print if !defined $wanted || !/$tables/ || /$wanted/ }
    ' "$1" "$2" "$haproxy_rows" ${3:+"$3"} 9>&-
  elif command -v socat >/dev/null; then
    printf '%s\n' "$2" | timeout 2 socat -t2 - "UNIX-CONNECT:$1" 9>&- |
      awk -v tables="$haproxy_rows" -v wanted="${3:-.}" '$0 !~ tables || $0 ~ wanted'
  else
    echo 'perl or socat is needed on this host to talk to HAProxy' >&2
    return 1
  fi
}
