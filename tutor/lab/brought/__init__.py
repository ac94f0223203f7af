"""Commands that the lab brings along: small bash clients in a machine, and what answers them in the agent.

They need nothing of the host's but bash and coreutils, and they reach the agent by a FIFO, which works in any network
namespace, whatever a learner has done to the machine's own.
"""
