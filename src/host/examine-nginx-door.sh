# Reads whether maintenance pages can be shown in front of an upstream of nginx, as KEY=VALUE lines. Changes nothing.
# usage: examine-nginx-door CONFIG FOLDER PORT UPSTREAM
# uses: give-up nginx
set -u
config=$1 folder=$2 port=$3 upstream=$4
if ! said=$(nginx -T -q -c "$config" 2>&1); then
  echo "says=$(echo "$said" | head -n 1)"
  exit 0
fi
echo 'tested=yes'
for name in "$upstream.maps" "$upstream.door"; do
  if [ -f "$folder/$name" ] && nginx_ask "$name" && [ "$served" = "$(nginx_digest "$folder/$name")" ]; then
    echo "served.${name##*.}=yes"
  fi
done
# Of each block whether it sends requests to the upstream, and whether it has the door: `with=FILE`, `without=FILE`.
# shellcheck disable=SC2016
echo "$said" | perl -0777 -e '
  my ($upstream, $door) = @ARGV;
  my $text = <STDIN>;
  my $quoted = qr/"(?:\\.|[^"\\])*"|\x27(?:\\.|[^\x27\\])*\x27/s;
  for my $part (split /^(?=# configuration file .*:$)/m, $text) {
    my ($file) = $part =~ /^# configuration file (.*):$/m or next;
    $part =~ s/($quoted)|(?<![^\s;{}])#[^\n]*/defined $1 ? $1 : ""/ge;
    $part =~ s/\$\{\w+\}/\$x/g;
    my @blocks = ({});
    my $end = sub {
      my $block = pop @blocks;
      print $block->{door} ? "with=$file\n" : "without=$file\n" if $block->{passes};
    };
    for my $word ($part =~ /((?:$quoted|[^{};])+|[{};])/g) {
      if ($word eq "{") { push @blocks, {} }
      elsif ($word eq "}") { $end->() if @blocks > 1 }
      elsif ($word =~ /^\s*include\s+"?\Q$door\E"?\s*$/) { $blocks[-1]{door} = 1 }
      elsif ($word =~ m{^\s*\w+_pass\s+"?(?:\w+://)?\Q$upstream\E(?![\w.-])}) { $blocks[-1]{passes} = 1 }
    }
    $end->() while @blocks;
  }
' "$upstream" "$folder/$upstream.door" | sort -u
