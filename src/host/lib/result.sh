# What came of a piece of work, until somebody has read it: complete before it gets its name. A program asks for this text with
# `# uses: result`.

result_keep() { # ID FILE
  result_folder=/var/lib/pawl/backups/results
  mkdir -p "$result_folder"
  cp "$2" "$result_folder/.$1"
  sync "$result_folder/.$1"
  mv -T "$result_folder/.$1" "$result_folder/$1"
  sync "$result_folder"
}
