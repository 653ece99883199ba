# The four workloads of workloads.ts in PyTorch, on one thread: prints JSON, milliseconds per
# step of forward, backward and Adam, CPU time, in the fastest tenth of the blocks.
import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
T, F, B, U, SECONDS = 32, 16, 128, 64, float(sys.argv[1])


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.memory, self.logit = nn.LSTM(F, U, batch_first=True), nn.Linear(U, 1)

    def forward(self, x):
        return self.logit(self.memory(x)[0][:, -1])


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.LSTM(F, U, batch_first=True), nn.LSTM(U, U, batch_first=True)
        self.rebuilt = nn.Linear(U, F)

    def forward(self, x):
        code = self.encoder(x)[0][:, -1:].expand(-1, T, -1)
        return self.rebuilt(self.decoder(code)[0])


class Sparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.inwards = nn.Sequential(nn.Linear(T * F, 128), nn.ReLU(), nn.Linear(128, 32), nn.ReLU())
        self.outwards = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, T * F))

    def forward(self, x):
        code = self.inwards(x.reshape(len(x), -1))
        return self.outwards(code).reshape(x.shape), code


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = nn.LSTM(F, U, batch_first=True)
        self.look = nn.MultiheadAttention(U, 4, bias=False, batch_first=True)
        self.even, self.logit = nn.LayerNorm(U), nn.Linear(U, 1)

    def forward(self, x):
        h = self.memory(x)[0]
        return self.logit(self.even(h + self.look(h, h, h, need_weights=False)[0]).mean(1))


bce, mse = nn.functional.binary_cross_entropy_with_logits, nn.functional.mse_loss
WORKLOADS = [
    ("LSTM classifier", Classifier, lambda out, x, y: bce(out, y)),
    ("LSTM autoencoder", Autoencoder, lambda out, x, y: mse(out, x)),
    ("sparse autoencoder", Sparse, lambda out, x, y: mse(out[0], x) + 1e-3 * out[1].abs().mean()),
    ("LSTM, attention, layer norm", Attention, lambda out, x, y: bce(out, y)),
]


def measure(make, loss_of):
    torch.manual_seed(1)
    model, x = make(), torch.rand(B, T, F) * 2 - 1
    y = (x[:, :, :1].mean(1) > 0).float()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step():
        adam.zero_grad()
        loss_of(model(x), x, y).backward()
        adam.step()

    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + SECONDS
    while len(times) < 3 or time.perf_counter() < end:
        start, count = time.process_time(), 0
        # In blocks, because CPU time is counted in ticks.
        while count == 0 or time.process_time() - start < 0.04:
            step()
            count += 1
        times.append((time.process_time() - start) * 1e3 / count)
    return sorted(times)[len(times) // 10]


steps = {name: measure(make, loss_of) for name, make, loss_of in WORKLOADS}
print(json.dumps({"version": torch.__version__, "steps": steps}))
