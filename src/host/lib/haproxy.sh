# Asks HAProxy's runtime API. A program asks for this text with `# uses: haproxy`.

# Prints the answer to commands with `;` between them. Fails when there is none within 2 s.
haproxy_ask() { # SOCKET COMMANDS
  if command -v perl >/dev/null; then
    # perl-base is on every Debian, socat is not
    # shellcheck disable=SC2016
    perl -MSocket -e '
      alarm 2;
      my ($path, $commands) = @ARGV;
      socket(my $haproxy, PF_UNIX, SOCK_STREAM, 0) or die "$!\n";
      connect($haproxy, sockaddr_un($path)) or die "$!\n";
      syswrite($haproxy, "$commands\n");
      shutdown($haproxy, 1);
      print while sysread($haproxy, $_, 65536);
    ' "$1" "$2" 9>&-
  elif command -v socat >/dev/null; then
    printf '%s\n' "$2" | timeout 2 socat -t2 - "UNIX-CONNECT:$1" 9>&-
  else
    echo 'perl or socat is needed on this host to talk to HAProxy' >&2
    return 1
  fi
}
