import MoERuntime
