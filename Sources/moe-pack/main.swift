import MoECommands

MoEPack.main()
