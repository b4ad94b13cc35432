"""Ways in which people write a phrase so that a list of words does not find it."""

import numpy as np

HOMOPHONES = dict(
    zip(
        "微信加转账线下交易私群平台直接打款扫码支付宝好友单聊",
        "薇芯佳赚帐现夏娇意思裙苹抬值街大宽嫂马枝复保号有丹撩",
        strict=True,
    )
)
ALIKE = dict(
    zip("aeopcxyis", "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0455", strict=True)
)
SIGNS = ".-_*|~·/"
EMOJI = "❤🔥✨💰👇🎁"
TRADITIONAL = dict(
    zip(
        "转账线们给价钱见国级医药话号码团购买卖亏顶风险万东电网为这听说还发红图评",
        "轉賬線們給價錢見國級醫藥話號碼團購買賣虧頂風險萬東電網為這聽說還發紅圖評",
        strict=True,
    )
)


def _between(phrase, draw, signs):
    """Put one of the signs between the characters of each word."""
    out = []
    for word in phrase.split(" "):
        sign = signs[draw.integers(0, len(signs))]
        out.append(sign.join(word))
    return " ".join(out)


def _each(phrase, draw, table):
    return "".join(table.get(sign, sign) for sign in phrase)


def zero_width(phrase, draw):
    return _between(phrase, draw, "\u200b\u200d\u2060\u00ad\ufeff")


def spaces(phrase, draw):
    return _between(phrase, draw, " \u3000\u00a0")


def signs(phrase, draw):
    return _between(phrase, draw, SIGNS)


def emoji(phrase, draw):
    return _between(phrase, draw, EMOJI)


def full_width(phrase, draw):
    return "".join(chr(ord(s) + 0xFEE0) if "!" <= s <= "~" else s for s in phrase)


def circled(phrase, draw):
    """Letters in circles, digits as keycaps."""
    out = []
    for sign in phrase:
        if sign.isascii() and sign.isdigit():
            out.append(f"{sign}\ufe0f\u20e3")
        elif sign.isascii() and sign.isalpha():
            out.append(chr((0x24D0 if draw.random() < 0.5 else 0x1F150) + ord(sign.lower()) - 97))
        else:
            out.append(sign)
    return "".join(out)


def combining(phrase, draw):
    marks = "\u0301\u0323\u0336\ufe0e"
    return "".join(s + marks[draw.integers(0, 4)] if s.isalpha() else s for s in phrase)


def traditional(phrase, draw):
    return _each(phrase, draw, TRADITIONAL)


def alike(phrase, draw):
    return _each(phrase.lower(), draw, ALIKE)


def mixed_case(phrase, draw):
    return "".join(s.upper() if draw.random() < 0.5 else s for s in phrase)


def homophones(phrase, draw):
    return "".join(HOMOPHONES.get(s, s) if draw.random() < 0.7 else s for s in phrase)


KINDS = (
    zero_width,
    spaces,
    signs,
    emoji,
    full_width,
    circled,
    combining,
    traditional,
    alike,
    mixed_case,
)


def obfuscated(phrase, draw, sound=False):
    """Return a phrase changed in one or two ways that change it, and the names of the ways."""
    kinds = [*KINDS, homophones] if sound else list(KINDS)
    order = [kinds[at] for at in draw.permutation(len(kinds))]
    used, wanted = [], 1 + int(draw.random() < 0.5)
    for kind in order:
        # Letters are taken apart once only: twice, and nobody reads them.
        apart = {spaces, signs, emoji, zero_width}
        if kind in apart and apart.intersection(used):
            continue
        changed = kind(phrase, draw)
        if changed != phrase:
            phrase = changed
            used.append(kind)
        if len(used) == wanted:
            break
    return phrase, tuple(kind.__name__ for kind in used)


def neutral(count, seed):
    """Return sentences with numbers, accounts of platforms and words of contact that are none."""
    draw = np.random.default_rng(seed)

    def digits(length, first=""):
        rest = "".join(map(str, draw.integers(0, 10, length - len(first))))
        return first + rest

    templates = (
        lambda: f"您的订单号是{digits(11, '13')}，已经发货",
        lambda: f"运单号 {digits(11, '15')} 正在派送，请保持电话畅通",
        lambda: f"物流单号{digits(12)}，预计{draw.integers(1, 9)}天到",
        lambda: f"SF{digits(13)} 已签收",
        lambda: f"尺码有{' '.join(map(str, range(36, 36 + draw.integers(3, 10))))}，拍下备注",
        lambda: f"价格分别是{'、'.join(str(draw.integers(100, 200)) for _ in range(4))}元",
        lambda: f"满{draw.integers(100, 999)}减{draw.integers(10, 99)}，支持微信支付",
        lambda: (
            f"请在{draw.integers(1, 13)}月{draw.integers(1, 29)}日{draw.integers(8, 23)}:00前下单"
        ),
        lambda: f"官方客服热线400-{digits(3)}-{digits(4)}，工作时间9:00-18:00",
        lambda: f"快递员电话{digits(11, '138')}，您可以直接联系他",
        lambda: f"您的手机尾号{digits(4)}，验证码已发送，请勿告诉他人",
        lambda: f"货号{digits(11, '17')}，颜色{draw.integers(1, 9)}号色",
        lambda: f"退款{draw.integers(1, 500)}.{digits(2)}元会原路退回您的微信零钱",
        lambda: f"条码{digits(13, '69')}，批号{digits(8, '20')}",
        lambda: f"手机壳适用iPhone{draw.integers(11, 17)}和Mate{draw.integers(30, 70)}Pro",
        lambda: f"电话手表第{draw.integers(2, 9)}代，续航{draw.integers(2, 9)}天",
        lambda: f"宽{draw.integers(100, 200)}厘米，高{digits(3)}厘米，重{digits(2)}公斤",
        lambda: f"发票会发到您下单时填写的邮箱，抬头编号{digits(10)}",
        lambda: f"我们店在抖音搜索店名就能找到，已经{draw.integers(2, 20)}年了",
        lambda: f"亲，微信小程序里也能查到订单{digits(16)}",
        lambda: f"Your order {digits(11, '13')} ships in {draw.integers(1, 9)} days",
        lambda: f"Tracking number {digits(11, '18')}, carrier phone on the label",
        lambda: f"Sizes {' '.join(map(str, range(36, 36 + draw.integers(3, 10))))} are in stock",
        lambda: f"Please call our hotline 400-{digits(3)}-{digits(4)} between 9 and 18",
        lambda: f"The phone case fits model {digits(4)}, serial {digits(11, '13')}",
        lambda: (
            f"We accept WeChat Pay, PayPal and cards, total {draw.integers(10, 999)}.{digits(2)}"
        ),
        lambda: f"Invoice {digits(10)} was sent to the email of your account",
        lambda: f"Item number {digits(11, '16')}, batch {digits(8)}",
        lambda: (
            f"Your coupon code is SAVE{digits(4)}, valid until 2026-{draw.integers(1, 13):02d}-20"
        ),
        lambda: (
            f"It measures {draw.integers(100, 200)} x {draw.integers(100, 200)} x {digits(2)} mm"
        ),
        lambda: f"请问{digits(4)}这个色号还有吗，我的账户里有券",
        lambda: f"qq糖{draw.integers(2, 9)}袋{draw.integers(10, 99)}元，微信红包也能抵",
        lambda: f"他穿{draw.integers(160, 190)}/{digits(2)}A，电话里说过",
        lambda: f"加我们店铺关注，领{draw.integers(5, 50)}元券，满{digits(3)}可用",
        lambda: f"telegram 是一本讲电报历史的书，ISBN {digits(13, '978')}",
    )
    return [templates[at % len(templates)]() for at in range(count)]
