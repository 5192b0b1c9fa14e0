from pdpyras_extras.cli import main

main()
