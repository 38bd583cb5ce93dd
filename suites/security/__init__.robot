*** Settings ***
Documentation    What attackers try: to speak for others, to read others' mail, to use what was taken from them.
