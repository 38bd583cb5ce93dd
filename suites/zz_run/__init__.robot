*** Settings ***
Documentation    What is said of the run as a whole. It stands last, because all else has to be over.
