"""Titles that hide a brand's name, titles that only look so, and the brands: written by hand.

The titles were written before the detector was, by the same hand. `ordinary` of the brands came
after the first run, as whoever keeps such a file would write it.
"""

BRANDS = {
    "adidas": {
        "name": "Adidas",
        "aliases": ["Adidas Originals", "Yeezy"],
        "scripts": {"Hans": "阿迪达斯", "Cyrl": "Адидас"},
        "short": ["阿迪"],
    },
    "nike": {"name": "Nike", "aliases": ["Air Jordan"], "scripts": {"Hans": "耐克"}},
    "gucci": {"name": "Gucci", "scripts": {"Hans": "古驰"}},
    "lv": {"name": "Louis Vuitton", "scripts": {"Hans": "路易威登"}, "short": ["LV"]},
    "chanel": {"name": "Chanel", "scripts": {"Hans": "香奈儿"}, "ordinary": ["channel"]},
    "puma": {"name": "Puma", "scripts": {"Hans": "彪马"}, "ordinary": ["puma concolor"]},
    "ck": {"name": "Calvin Klein"},
    "nb": {"name": "New Balance", "scripts": {"Hans": "新百伦"}, "ordinary": ["new balanced"]},
    "casio": {
        "name": "Casio",
        "aliases": ["G-Shock"],
        "scripts": {"Hans": "卡西欧"},
        "ordinary": ["casino"],
    },
    "rolex": {"name": "Rolex", "scripts": {"Hans": "劳力士"}},
    "lacoste": {"name": "Lacoste"},
    "samsung": {"name": "Samsung", "scripts": {"Hans": "三星"}, "ordinary": ["三星级"]},
    "dyson": {"name": "Dyson", "scripts": {"Hans": "戴森"}},
    "pandora": {"name": "Pandora", "scripts": {"Hans": "潘多拉"}},
    "swarovski": {"name": "Swarovski", "scripts": {"Hans": "施华洛世奇"}},
    "hermes": {"name": "Hermès", "scripts": {"Hans": "爱马仕"}, "ordinary": ["heroes"]},
    "tommy": {"name": "Tommy Hilfiger"},
    "rayban": {"name": "Ray-Ban", "scripts": {"Hans": "雷朋"}},
    "armour": {"name": "Under Armour", "scripts": {"Hans": "安德玛"}},
    "lining": {"name": "Li-Ning", "scripts": {"Hans": "李宁"}, "ordinary": ["lining", "李宁波"]},
    "moutai": {"name": "Moutai", "scripts": {"Hans": "贵州茅台"}},
    "lauder": {"name": "Estée Lauder", "scripts": {"Hans": "雅诗兰黛"}},
    "lancome": {"name": "Lancôme", "scripts": {"Hans": "兰蔻"}},
    "huawei": {"name": "Huawei", "scripts": {"Hans": "华为"}},
}

# One a line: the brand that is meant, and a title.
VARIANTS = """
adidas|Adldas men running shoes breathable 2020
adidas|Adibas classic trainers white
adidas|Addidas hoodie three stripes
adidas|ADIDDAS sport bag
adidas|Adid@s superstar sneakers
adidas|Аdidаs women leggings
adidas|Ad1das track suit XL
adidas|A.D.I.D.A.S slides summer
adidas|A-d-i-d-a-s cap baseball
adidas|A d i d a s socks 5 pairs
adidas|Adidos football boots
adidas|Abidas shorts gym
adidas|Adiads running shoes light
adidas|Adidass jacket windbreaker
adidas|ᴀᴅɪᴅᴀs trefoil t-shirt
adidas|Ａｄｉｄａｓ backpack
adidas|ⓐⓓⓘⓓⓐⓢ sandals
adidas|Ad*das yoga pants
adidas|Ad!das hat
adidas|𝐀𝐝𝐢𝐝𝐚𝐬 sneakers 42
adidas|ADlDAS slippers men
adidas|Àdïdás hoodie oversize
adidas|Adi das trainers kids
adidas|Adidäs shirt
adidas|Adidas® superstar new
adidas|AdidasOriginals hoodie
adidas|Yeezzy boost 350 v2
adidas|Yeezv slides
adidas|阿*迪 三叶草卫衣 男女同款
adidas|阿迪达丝运动鞋透气
adidas|阿迪大斯 贝壳头小白鞋
adidas|阿迪逹斯跑步鞋
adidas|阿·迪·达·斯 短袖T恤
adidas|阿迪*斯 男裤
adidas|阿🔥迪达斯 跑鞋
adidas|啊迪达斯 运动套装
adidas|阿迪达私 正品板鞋
adidas|阿笛达斯 休闲鞋
adidas|阿迪_达斯 背包
adidas|阿 迪 达 斯 袜子三双
adidas|Адидaс кроссовки мужские
adidas|阿迪达 斯 拖鞋
nike|N1ke air max 90
nike|Nlke running shoes women
nike|N*ke dunk low panda
nike|N.i.k.e socks pack
nike|Νike sportswear tee
nike|NIKÉ shorts dri fit
nike|N!ke cap
nike|N i k e hoodie
nike|ᴺᴵᴷᴱ sneakers
nike|ɴɪᴋᴇ air force
nike|Ni*e blazer mid
nike|N-I-K-E tracksuit
nike|🅝🅘🅚🅔 joggers
nike|Nik3 jersey basketball
nike|Air Jordon 1 retro high
nike|A1r Jordan 4 black cat
nike|Air J0rdan 11 low
nike|Air*Jordan 3 basketball shoes
nike|耐剋 空军一号
nike|奈克 气垫跑鞋 男
nike|耐*克 篮球鞋
nike|耐刻 运动短裤
nike|耐.克 板鞋
nike|耐🌟克 双肩包
nike|奈刻 卫衣 潮牌
nike|NIKE耐剋 春季新款
gucci|Guccl belt leather
gucci|Gucc1 slides men
gucci|Guci handbag women
gucci|Guccci wallet
gucci|Gυcci sunglasses
gucci|G*cci tote bag
gucci|GUCCl cap
gucci|Qucci sneakers white
gucci|G u c c i scarf silk
gucci|Gu-cci bracelet
gucci|古弛 双G皮带
gucci|古*驰 手提包
gucci|古池 小白鞋
gucci|谷驰 男士钱包
lv|Louis Vuiton neverfull bag
lv|Louis Vuittton wallet monogram
lv|Luois Vuitton speedy
lv|Lou1s Vuitton keepall
lv|Louis Vuitt0n belt
lv|L0uis Vuitton card holder
lv|Louis Vultton backpack
lv|LouisVuitton sneakers
lv|L*V monogram tote
lv|Louis*Vuitton phone case
lv|路易威蹬 老花手提包
lv|路易*威登 钱包
lv|路易威灯 单肩包
lv|露易威登 皮带
lv|路亿威登 腰包
lv|路易·威·登 行李箱
chanel|Chane1 perfume 100ml
chanel|Chanell bag quilted
chanel|Chan3l brooch
chanel|Chaneel earrings
chanel|Chnael lipstick
chanel|Ch*nel necklace
chanel|Сhаnеl wallet on chain
chanel|香奈尔 五号香水
chanel|香*奈儿 链条包
chanel|香乃儿 口红
chanel|香奈_儿 胸针
chanel|香奈兒 耳环
chanel|CHANEI flap bag
puma|Pum4 suede classic
puma|P*ma running
puma|Рumа sneakers
puma|Pυma tracksuit
puma|P.U.M.A socks
puma|PUMÄ cap
puma|标马 运动鞋
puma|彪*马 卫衣
ck|Calvin Kleln boxer briefs
ck|Calvin Klien underwear 3 pack
ck|Calvln Klein bralette
ck|Calvin K1ein jeans
ck|Calvn Klein t-shirt
ck|CalvinKlein belt
ck|Ca1vin Klein watch
ck|Calvin*Klein perfume
ck|Calvin Kelin shirt
nb|New Ba1ance 574 grey
nb|New Balence 990 men
nb|New Balanc 327
nb|NewBalance 530
nb|New Ballance running shoes
nb|N3w Balance 2002R
nb|New B@lance hat
nb|新百轮 574复古鞋
nb|新佰伦 跑步鞋
nb|新*百伦 男鞋
casio|Cas1o digital watch
casio|Caslo calculator
casio|Casi0 vintage watch
casio|Cassio edifice
casio|G-Sh0ck men sport watch
casio|G*Shock waterproof
casio|卡西鸥 电子表
casio|卡*西欧 手表
rolex|Ro1ex submariner
rolex|R0lex daytona
rolex|Rollex datejust
rolex|Rolexx watch gold
rolex|R*lex automatic
rolex|Rоlex gmt master
rolex|劳力仕 绿水鬼
rolex|劳*力士 日志型
rolex|劳力土 手表男
lacoste|Lacost polo shirt
lacoste|Lac0ste sneakers
lacoste|Laccoste cap
lacoste|Lacosta polo men
lacoste|L@coste wallet
samsung|Samsang galaxy earbuds
samsung|Sam5ung charger 25w
samsung|Samsumg s20 phone
samsung|Sarnsung tv remote
samsung|S.amsung galaxy watch
samsung|三*星 充电器
dyson|Dys0n hair dryer
dyson|Dyzon airwrap
dyson|Dysson v11 vacuum
dyson|戴*森 吹风机
dyson|戴深 吸尘器
dyson|带森 卷发棒
pandora|Pand0ra charm bracelet
pandora|Pandorra ring silver
pandora|P@ndora beads
pandora|盘多拉 手链
pandora|潘多啦 串珠
swarovski|Swarovskl crystal necklace
swarovski|Swarovsky earrings
swarovski|Swar0vski pendant
swarovski|Swarowski swan bracelet
swarovski|施华洛士奇 项链
swarovski|施华洛世琦 耳钉
swarovski|施华*洛世奇 手镯
hermes|Herrnes belt h buckle
hermes|Herm3s scarf
hermes|Hermees bag
hermes|爱马士 丝巾
hermes|爱*马仕 皮带
tommy|Tommy Hilfigger polo
tommy|Tornmy Hilfiger jacket
tommy|Tommy Hi1figer jeans
tommy|Tomy Hilfiger sweater
rayban|Ray Bann aviator
rayban|RayBan wayfarer sunglasses
rayban|R@y-Ban clubmaster
rayban|雷鹏 墨镜
armour|Under Armor compression shirt
armour|Undr Armour hoodie
armour|Under Arm0ur shoes
armour|安德马 紧身衣
lining|李*宁 韦德之道
lining|李柠 羽毛球鞋
moutai|贵州矛台 飞天53度
moutai|贵州*茅台 500ml
lauder|Estee Laudr serum
lauder|雅诗兰戴 小棕瓶
lancome|Lanc0me genifique
lancome|兰寇 粉水
huawei|Huawel freebuds pro
huawei|华*为 手环
huawei|Hauwei charger
"""

# Titles that name none of these brands, though they have something that comes near.
INNOCENT = """
2020 summer flamingo print pajamas set casual women
Channel stitch quilted cotton blanket for bed
Men watch strap silicone 22mm quick release
Casino poker chips set 200 pieces
Heroes figure collection toy 10 cm
Cable organizer with 3 x 5 slots, size S M L XL
Case for Samsung Galaxy S20 clear cover
Compatible with Nike+ running app, armband only
适用华为P40手机壳 透明防摔
兼容戴森V10吸尘器配件 滤芯
新百货公司同款收纳盒
高仿真花 客厅摆件
翡翠A货手镯 天然冰种 带证书
我们拒绝高仿，工厂直营纯棉T恤
尾货清仓 纯棉袜子
复刻经典怀旧铁皮玩具
1:18 scale car model die cast
1:1 scale paper skull, craft kit
三星级酒店同款毛巾
李宁波同学推荐的文具盒
奶油色针织衫 奈何桥系列周边
爱马士多骑行头盔
Puma concolor wildlife poster
Le vis et le boulon, jeu de 50
Roller skate wheels 58 mm
Lacrosse ball massage
New balanced diet planner notebook
Swan charm necklace silver
Under the armour: novel, paperback
A d a p t e r usb c to jack
Women's high waist shorts with pandas
Python 3 for everybody, book
Hermit crab shell, natural
Oxidised nickel hooks, 100 pcs
Sandals women gladiator, addition of arch support
"""


def brands(**changed):
    """Return a file of brands, parsed, in which nobody may sell any; some keys may be changed."""
    out = {}
    for key, brand in BRANDS.items():
        rest = {name: value for name, value in brand.items() if name not in ("short", "aliases")}
        names = [*brand.get("aliases", []), *brand.get("short", [])]
        out[key] = {**rest, "aliases": names, "authorised": [], **changed.get(key, {})}
    return {"brands": out}


def variants():
    """Return pairs of a brand and a title."""
    return [tuple(line.split("|", 1)) for line in VARIANTS.strip().splitlines()]


def innocent():
    """Return titles."""
    return INNOCENT.strip().splitlines()
