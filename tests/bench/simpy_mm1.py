# M/M/1 (arrivals 0.9 a second, service 1 a second) in SimPy, the usual way. Prints the seconds it took.
import random
import sys
import time

import simpy

N = int(sys.argv[1])
rng = random.Random(1)
env = simpy.Environment()
server = simpy.Resource(env, 1)
total = [0.0, 0]


def customer():
    arrived = env.now
    with server.request() as request:
        yield request
        yield env.timeout(rng.expovariate(1.0))
    total[0] += env.now - arrived
    total[1] += 1


def source():
    for _ in range(N):
        yield env.timeout(rng.expovariate(0.9))
        env.process(customer())


env.process(source())
start = time.perf_counter()
env.run()
print(time.perf_counter() - start)
