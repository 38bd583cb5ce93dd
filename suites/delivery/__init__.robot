*** Settings ***
Documentation    Messages between the devices of a user: who gets them, how often, in which order, in which shape,
...              and what their sender is told.
