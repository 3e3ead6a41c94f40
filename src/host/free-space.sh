# Prints the MiB that are free where each folder lies, or would lie: `MIB FOLDER` lines.
# usage: free-space FOLDER…
set -u
for folder in "$@"; do
  there=$folder
  while [ ! -d "$there" ]; do there=$(dirname "$there"); done
  echo "$(df --output=avail -BM "$there" | tail -n 1 | tr -dc 0-9) $folder"
done
