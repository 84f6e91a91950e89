#!/usr/bin/env bash
# Runs the targets of build/: ./build.sh --help explains them. Rebuilds build/ first where something changed.
#
#   --published-packages   build against the published packages of Directory.Packages.props
#   --stand-ins            build against the stand-ins in tools/StandIns
# Without either, the package registry is asked once and the answer is remembered in .nuke/temp/packages.
#
# Runs under bash 3.2 (macOS) and later.
set -euo pipefail

# Seconds that the registry has for its answer.
readonly registry_limit=90

say() { printf 'build.sh: %s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

# The folder of this script, through symbolic links.
find_root() {
  local file=${BASH_SOURCE[0]} folder
  while [ -L "$file" ]; do
    folder=$(cd -P "$(dirname "$file")" && pwd)
    file=$(readlink "$file")
    case $file in /*) ;; *) file=$folder/$file ;; esac
  done
  (cd -P "$(dirname "$file")" && pwd)
}

# Nuke knows no --name=value, and of the old Makefile's names it knows those that differ by case and dashes only.
read_arguments() {
  local word positional=yes
  for word in "$@"; do
    case $word in
      --published-packages) wanted_packages=published ;;
      --stand-ins) wanted_packages=stand-ins ;;
      -h | -\?) arguments+=(--help) ;;
      --?*=*) arguments+=("${word%%=*}" "${word#*=}") positional=no ;;
      -*) arguments+=("$word") positional=no ;;
      *)
        if [ $positional = yes ]; then
          word=$(target_of_make_name "$word")
        fi
        arguments+=("$word")
        ;;
    esac
  done
  name_the_plan
}

target_of_make_name() {
  case $1 in
    run-kernel-benchmark) echo KernelBenchmark ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# Nuke's own --plan takes no value and shows the order of targets; with a value, the plan of tests is meant.
name_the_plan() {
  local index
  for ((index = 0; index + 1 < ${#arguments[@]}; index++)); do
    case ${arguments[index]},${arguments[index + 1]} in
      --plan,-*) ;;
      --plan,*) arguments[index]=--test-plan ;;
    esac
  done
}

# The first dotnet whose SDK satisfies global.json.
find_dotnet() {
  local candidate
  for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "$HOME/.dotnet/dotnet"; do
    if [ -x "$candidate" ] && (cd "$root" && "$candidate" --version) >/dev/null 2>&1; then
      dotnet=$candidate
      return
    fi
  done
  fail "no .NET SDK fits global.json, which asks for $(sed -n 's/.*"version": "\([^"]*\)".*/\1/p' "$root/global.json") or a later 10.0.
PATH, DOTNET_ROOT and ~/.dotnet were searched. This installs one into ~/.dotnet, without root:
  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0
Installers for the whole system: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# Runs a command for so many seconds at most.
limited() {
  local deadline=$((SECONDS + $1)) pid
  shift
  "$@" &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      kill "$pid" 2>/dev/null || true
    fi
    sleep 0.1
  done
  wait "$pid"
}

# Whether every published package restores in exactly the pinned version.
published_packages_restore() {
  local folder=$temp/ask id version result=0
  mkdir -p "$folder"
  # Nothing of this repository's rules takes part.
  for id in Build.props Build.targets Packages.props; do
    echo '<Project />' >"$folder/Directory.$id"
  done
  {
    echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup>'
    for id in Nuke.Common CliWrap SSH.NET; do
      version=$(sed -n "s/.*Include=\"$id\" Version=\"\([^\"]*\)\".*/\1/p" "$root/Directory.Packages.props")
      echo "<PackageReference Include=\"$id\" Version=\"[$version]\" />"
    done
    echo '</ItemGroup></Project>'
  } >"$folder/Ask.csproj"
  limited $registry_limit "$dotnet" restore "$folder/Ask.csproj" -v quiet -nologo -nodeReuse:false >"$temp/ask.log" 2>&1 || result=$?
  rm -rf "$folder"
  return $result
}

choose_packages() {
  local chosen=$wanted_packages why=
  if [ -z "$chosen" ] && [ -s "$temp/packages" ]; then
    return
  fi
  if [ -z "$chosen" ]; then
    say "asking the package registry for the published packages, once"
    if published_packages_restore; then
      chosen=published
      why="the registry has them; --stand-ins takes the stand-ins of tools/StandIns"
    else
      chosen=stand-ins
      why="the registry does not have every published package, see .nuke/temp/ask.log; --published-packages insists on them"
    fi
  fi
  if [ "$(cat "$temp/packages" 2>/dev/null)" != "$chosen" ]; then
    say "packages: $chosen${why:+ ($why)}"
    echo "$chosen" >"$temp/packages"
  fi
}

# The stamp names the dotnet and the program of the last whole build.
read_stamp() {
  [ -s "$stamp" ] && { read -r built_with && read -r program; } <"$stamp"
}

# Whether anything that goes into the build program is newer than the stamp. A folder is newer when a file was added or deleted.
is_stale() {
  local newer
  read_stamp && [ -f "$program" ] && [ -s "$temp/packages" ] || return 0
  newer=$(find "$root"/build "$root"/tools "$root"/Directory.* "$root"/global.json "$root"/.editorconfig "$temp/packages" \
    \( -name bin -o -name obj \) -prune -o ! -name '*.md' -newer "$stamp" -print)
  [ -n "$newer" ]
}

# One build at a time. macOS has no flock; there a folder is the lock, and its owner's death frees it.
lock() {
  if command -v flock >/dev/null; then
    exec 9>"$temp/build.lock"
    flock -n 9 || { say "waiting for another build.sh, which builds right now" && flock 9; }
    return
  fi
  local told= owner
  until mkdir "$temp/build.lock.d" 2>/dev/null; do
    owner=$(cat "$temp/build.lock.d/owner" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$temp/build.lock.d"
    elif [ -z "$told" ]; then
      told=yes
      say "waiting for another build.sh, which builds right now"
    fi
    sleep 0.1
  done
  trap unlock EXIT
  echo $$ >"$temp/build.lock.d/owner"
}

unlock() {
  if command -v flock >/dev/null; then
    exec 9>&-
  else
    rm -rf "$temp/build.lock.d"
    trap - EXIT
  fi
}

build_project() {
  "$dotnet" build "$root/build/Build.csproj" -nologo -v quiet -nodeReuse:false -p:UseSharedCompilation=false "$@" >"$temp/build-project.log" 2>&1
}

lacks_ahead_compiler() {
  grep -qE 'error NU110[0-9]: .*Crossgen2' "$temp/build-project.log"
}

# The stamp carries the time at which the build began, so that what changes meanwhile counts; it stands only after a whole build.
# What runs is a copy of its own: a later build, or the target Compile, must not write into files that a long run has mapped.
build() {
  local project folder output=$root/build/bin/Debug/net10.0
  say "building build/"
  rm -f "$stamp"
  while IFS= read -r project; do
    # Made now, they do not make their folder newer than the stamp.
    mkdir -p "$(dirname "$project")/bin" "$(dirname "$project")/obj"
  done < <(find "$root/build" "$root/tools" -name '*.csproj')
  folder=$temp/programs/$(date +%Y%m%d-%H%M%S)-$$
  printf '%s\n' "$dotnet" "$folder/Build.dll" >"$stamp.new"
  # Compiled ahead of time where the registry has the compiler for that.
  if ! build_project -p:CompileAhead=true && ! { lacks_ahead_compiler && rm -rf "$output/ahead" && build_project; }; then
    grep -E ': (error|warning) ' "$temp/build-project.log" | sort -u >&2 || cat "$temp/build-project.log" >&2
    fail "build/ does not build; the compiler's messages are above"
  fi
  mkdir -p "$temp/programs"
  find "$temp/programs" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +
  cp -R "$output" "$folder"
  if [ -d "$folder/ahead" ]; then
    find "$folder/ahead" -name '*.dll' -exec mv -f {} "$folder/" \;
  fi
  mv "$stamp.new" "$stamp"
  read_stamp
}

root=$(find_root)
temp=$root/.nuke/temp
stamp=$temp/built
dotnet=
program=
built_with=
wanted_packages=
arguments=()
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 NUKE_TELEMETRY_OPTOUT=1

read_arguments "$@"
mkdir -p "$temp"
if [ -n "$wanted_packages" ] || is_stale; then
  lock
  find_dotnet
  choose_packages
  if is_stale; then
    build
  fi
  unlock
elif [ -x "$built_with" ]; then
  dotnet=$built_with
else
  find_dotnet
fi

# Nuke looks for the root from the working folder upwards.
case $(pwd -P)/ in
  "$root"/*) ;;
  *) arguments+=(--root "$root") ;;
esac
exec "$dotnet" "$program" ${arguments[@]+"${arguments[@]}"}
