#!/bin/sh
# A vmrun that writes down its arguments and does what the test's file "script" says. It is used by a link in the test's folder:
# a program that was only just written cannot always be started while other threads start theirs.
folder=$(dirname "$0")
for word; do printf '%s\n' "$word"; done >"$folder/arguments"
. "$folder/script"
