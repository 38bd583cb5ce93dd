*** Settings ***
Documentation       Messages between the devices of a user: who gets them, unchanged, in order, once, and what the sender is told.
