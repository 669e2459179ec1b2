"""Writes regex-cases.json: what PEFT and Python's `re` decide. Run again when a case is added:

    python tests/formats/regex-cases.py > tests/formats/regex-cases.json
"""

import json
import re
from types import SimpleNamespace

from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils.other import get_pattern_key

PATHS = [
    *(f"model.layers.{i}.self_attn.{m}_proj" for i in (0, 1, 10, 11) for m in "qkvo"),
    *(f"model.layers.{i}.mlp.{m}_proj" for i in (0, 1, 11) for m in ("gate", "up", "down")),
    "model.embed_tokens",
    "lm_head",
    "transformer.h.0.attn.c_attn",
    "transformer.h.11.mlp.c_proj",
    "bert.encoder.layer.1.attention.self.query",
    "model.layers.1.experts.0.up_proj",
    "q_proj",
    "xq_proj",
    "vision.layers.1.q_proj",
]

PATTERNS = [
    "q_proj", "down_proj", "model.layers.0.self_attn.q_proj", r"^model\.layers\.1\.self_attn\.q_proj", "layers.1", r"layers\.1\..*",
    "layers.2.mlp.(gate|up)_proj", "layers.1.mlp.(gate|up)_proj", r"(?:gate|up)_proj", "proj", ".*_proj", "self_attn.*", ".*", "",
    r"\d+\.mlp\.up_proj", r"layers\.[01]\.\w+\.q_proj", r"layers\.[^0-1]+\.self_attn\.[kv]_proj", "q|k", "(q|k)_proj", r"model.layers.1{2}.mlp.up_proj",
    r"layers\.1{1,2}\.mlp\.up_proj", r"layers\.\d{,1}\.mlp\.up_proj", r"(?P<m>q)_proj", r"(?!.*vision).*q_proj", r".*(?=q_proj).*", r"\bq_proj\b", r"\Aq_proj\Z",
    r"[q-v]_proj", r"[]q]_proj", r"[\w.-]+", r"x?q_proj", r"x*?q_proj", r"(a*)*q_proj", r"((q_proj)+)+", "lm_head$", "^lm_head", r"h\.\d+\.(attn|mlp)\.c_(attn|proj)", r"\S+",
    r"{q}_proj", r"q_proj{1}", r"\.q_proj", r"layers\.(0|1)\.",
]

TARGETS = [
    dict(target_modules=["q_proj", "v_proj"]),
    dict(target_modules=["proj"]),
    dict(target_modules=["self_attn.q_proj"]),
    dict(target_modules=["model.layers.1.self_attn.q_proj", "lm_head"]),
    dict(target_modules=["layers.1.self_attn.q_proj"]),
    dict(target_modules=r".*\.(q|v)_proj"),
    dict(target_modules="q_proj"),
    dict(target_modules=r"model\.layers\.1.*(attn|mlp)\..*"),
    dict(target_modules=r".*?(?:attn|mlp).*?(?:q|k|up)_proj.*?|(?:\bmodel\.layers\.[\d]{1,}\.(?:mlp)\.(?:(?:down_proj)))"),
    dict(target_modules=["q_proj", "up_proj"], exclude_modules=["layers.1.self_attn.q_proj", "mlp.up_proj"]),
    dict(target_modules=["q_proj", "up_proj"], exclude_modules=r".*layers\.1\..*"),
    dict(target_modules=["q_proj", "lm_head"], modules_to_save=["lm_head", "self_attn"]),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=1),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=[0, 11]),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=[]),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=[0], layers_pattern="experts"),
    dict(target_modules=["q_proj", "c_attn", "c_proj", "up_proj"], layers_to_transform=[0, 1], layers_pattern=["layers", "h"]),
    dict(target_modules=["q_proj", "model.layers.11.mlp.up_proj"], layers_to_transform=[1], layers_pattern=[]),
]

VALUES = [
    {"down_proj": 7, "layers.2.mlp.(gate|up)_proj": 5, "model.layers.0.self_attn.q_proj": 9, "model.layers.1.self_attn.v_proj": 1},
    {".*": 2, "q_proj": 3},
    {"q_proj": 3, ".*": 2},
    {r"layers\.1": 4, r"layers\.1\..*": 5},
    {"^q_proj": 6, "x.*": 7},
]

DEFAULTS = dict(exclude_modules=None, modules_to_save=None, layers_to_transform=None, layers_pattern=None, target_parameters=None)

print(
    json.dumps(
        {
            "paths": PATHS,
            "match": [[p, [i for i, path in enumerate(PATHS) if re.match(rf"(.*\.)?({p})$", path)]] for p in PATTERNS],
            "fullmatch": [[p, [i for i, path in enumerate(PATHS) if re.fullmatch(p, path)]] for p in PATTERNS],
            "targets": [
                [t, [i for i, path in enumerate(PATHS) if check_target_module_exists(SimpleNamespace(**{**DEFAULTS, **t}), path)]] for t in TARGETS
            ],
            "values": [[v, [v.get(get_pattern_key(v.keys(), path), 8) for path in PATHS]] for v in VALUES],
        }
    )
)
