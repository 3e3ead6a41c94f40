# Reads how the locations of nginx send requests to an upstream, as KEY=VALUE lines: whether maintenance pages can be shown
# in front of it, and test users told apart. Changes nothing.
# usage: examine-nginx-locations CONFIG FOLDER PORT UPSTREAM VARIABLE
#   VARIABLE  without its $, what stands for the upstream where test users are told apart
# uses: give-up nginx
set -u
config=$1 folder=$2 port=$3 upstream=$4 variable=$5
if ! said=$(nginx -T -q -c "$config" 2>&1); then
  echo "says=$(echo "$said" | head -n 1)"
  exit 0
fi
echo 'tested=yes'
for name in "$upstream.maps" "$upstream.door" "$upstream.testers"; do
  if [ -f "$folder/$name" ] && nginx_ask "$name" && [ "$served" = "$(nginx_digest "$folder/$name")" ]; then
    echo "served.${name##*.}=yes"
  fi
done
# Of each block that sends requests to the upstream whether it has the door: `with=FILE`, `without=FILE`; and how it names
# the upstream: `steers=FILE` by the variable, `names=FILE`, or `paths=FILE` with a path that takes the place of its own.
# shellcheck disable=SC2016
echo "$said" | perl -0777 -e '
  my ($upstream, $door, $variable) = @ARGV;
  my $text = <STDIN>;
  my $quoted = qr/"(?:\\.|[^"\\])*"|\x27(?:\\.|[^\x27\\])*\x27/s;
  for my $part (split /^(?=# configuration file .*:$)/m, $text) {
    my ($file) = $part =~ /^# configuration file (.*):$/m or next;
    $part =~ s/($quoted)|(?<![^\s;{}])#[^\n]*/defined $1 ? $1 : ""/ge;
    $part =~ s/\$\{(\w+)\}/\$$1/g;
    my @blocks = ({});
    my $end = sub {
      my $block = pop @blocks;
      print $block->{door} ? "with=$file\n" : "without=$file\n" if $block->{passes};
    };
    for my $word ($part =~ /((?:$quoted|[^{};])+|[{};])/g) {
      if ($word eq "{") { push @blocks, {} }
      elsif ($word eq "}") { $end->() if @blocks > 1 }
      elsif ($word =~ /^\s*include\s+"?\Q$door\E"?\s*$/) { $blocks[-1]{door} = 1 }
      elsif ($word =~ m{^\s*\w+_pass\s+"?(?:\w+://)?(?:(\$\Q$variable\E(?!\w))|\Q$upstream\E(?![\w.-]))(.*)}s) {
        my $how = $1 ? "steers" : $2 =~ m{^/[^\$]*$} ? "paths" : "names";
        print "$how=$file\n";
        $blocks[-1]{passes} = 1;
      }
    }
    $end->() while @blocks;
  }
' "$upstream" "$folder/$upstream.door" "$variable" | sort -u
