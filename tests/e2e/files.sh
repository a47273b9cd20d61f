#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: files.sh TOMTE
# The home of examples/sysfs on a folder that plays sysfs: a sensor is read and
# scaled, an LED is switched by a container of another node, what is not there
# is said once and does no harm.
tomte=$1
. "$(dirname "$0")/lib.sh"
sys=$dir/sys/class
mkdir -p "$sys/thermal/thermal_zone0" "$sys/leds/input0::capslock"
echo 45250 >"$sys/thermal/thermal_zone0/temp"
echo 1 >"$sys/leds/input0::capslock/brightness"
led() {
    [ "$(cat "$sys/leds/input0::capslock/brightness")" = "$1" ]
}
home=$dir/sysfs.yaml
sed "s|/sys/class|$sys|" examples/sysfs/home.yaml >"$home"

start_home
eventually "the safe value is not written" 5 led 0
eventually "the sensor is not read" 5 bash -c \
    "'$tomte' channel get /desk/board/temperature --dir '$dir/home' | grep -qx 45.25"
echo 46500 >"$sys/thermal/thermal_zone0/temp"
sleep 1.3
check "it is read again" 0 "46.5" t channel get /desk/board/temperature
check "a press" 0 "" t channel put /desk/button/pressed 1
eventually "the LED does not go on" 2 led 1
check "another" 0 "" t channel put /desk/button/pressed 1
eventually "the LED does not go off" 2 led 0
check "a person's value" 0 "" t channel put /desk/led/on 1 --for 1
eventually "is not written" 2 led 1
eventually "does not end" 4 led 0

# A sensor and an LED that are pulled out, and the sensor comes back.
rm -r "$sys/leds" "$sys/thermal/thermal_zone0/temp"
check "a press without an LED" 0 "" t channel put /desk/button/pressed 1
sleep 2.5
said() {
    grep -c "$1" "$dir/home/desk/log"
}
check "is said with its path, once" 0 "1" said "brightness: cannot be written"
check "so is the sensor" 0 "1" said "temp: cannot be read"
[ -e "$sys/leds" ] && fail "a file was made" || pass
echo 47000 >"$sys/thermal/thermal_zone0/temp"
sleep 1.3
check "the sensor is back" 0 "47" t channel get /desk/board/temperature
sum
