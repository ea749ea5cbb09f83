"""Writes customers.csv: 4,000 made-up customers of whom some have left. Only Python's own library is needed."""
import csv
import math
import random

draw = random.Random(1)
with open("customers.csv", "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["customer", "tenure", "monthly", "calls", "leaves"])
    for i in range(4000):
        tenure, monthly, calls = draw.uniform(0, 60), draw.uniform(10, 110), draw.randrange(8)
        odds = -0.5 - 0.09 * tenure + 0.03 * monthly + 0.45 * calls
        leaves = draw.random() < 1 / (1 + math.exp(-odds))
        out.writerow([f"c{i}", f"{tenure:.2f}", f"{monthly:.2f}", calls, "yes" if leaves else "no"])
