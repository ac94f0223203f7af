# A script that never ends by itself, for `tutor grade`.
sleep 1000
