"""The engine that continues after its process was killed: a SQLite file beside the memory."""
from simulator.host.engine import Engine
class FileEngine(Engine):
    def __init__(self, now, path): super().__init__(now)
