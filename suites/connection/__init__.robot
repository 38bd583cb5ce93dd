*** Settings ***
Documentation    Connections: how they open, who may register, what limits them, how they end and how they come back.
