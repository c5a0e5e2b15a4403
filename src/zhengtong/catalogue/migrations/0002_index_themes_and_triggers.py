"""The gram table of search (clustered by term and order of answer), the triggers, and the national theme list."""

from django.db import migrations

from zhengtong.catalogue.triggers import statements

PEOPLE = (
    ("生育收养", "Birth and adoption"), ("户籍办理", "Household registration"), ("民族宗教", "Ethnic and religious affairs"),
    ("教育科研", "Education and research"), ("入伍服役", "Military service"), ("就业创业", "Work and starting a business"),
    ("设立变更", "Setting up and changing"), ("准营准办", "Permission to trade"), ("职业资格", "Professional qualifications"),
    ("行政缴费", "Fees and payments"), ("婚姻登记", "Marriage registration"), ("优待抚恤", "Preferential treatment and pensions"),
    ("规划建设", "Planning and building"), ("住房保障", "Housing"), ("社会保障", "Social security"),
    ("证件办理", "Papers and certificates"), ("交通出行", "Transport and travel"), ("旅游观光", "Tourism"),
    ("出境入境", "Leaving and entering the country"), ("消费维权", "Consumer rights"), ("公共安全", "Public safety"),
    ("司法公证", "Justice and notaries"), ("知识产权", "Intellectual property"), ("环保绿化", "Environment and greening"),
    ("文化体育", "Culture and sport"), ("公用事业", "Water, power and gas"), ("医疗卫生", "Health care"),
    ("离职退休", "Leaving work and retirement"), ("死亡殡葬", "Death and burial"), ("其他", "Other"),
)  # fmt: skip
ORGANISATIONS = (
    ("设立变更", ""), ("准营准办", ""), ("资质认证", "Qualification and certification"), ("年检年审", "Annual inspection"),
    ("税收财务", "Tax and finance"), ("人力资源", "Human resources"), ("社会保障", ""), ("投资审批", "Investment approval"),
    ("融资信贷", "Financing and credit"), ("抵押质押", "Mortgages and pledges"), ("招标拍卖", "Tenders and auctions"),
    ("海关口岸", "Customs and ports"), ("涉外服务", "Foreign-related services"), ("农林牧渔", "Farming, forestry and fishing"),
    ("国土和规划建设", "Land, planning and building"), ("交通运输", "Transport"), ("环保绿化", ""), ("水务气象", "Water and weather"),
    ("医疗卫生", ""), ("科技创新", "Science and innovation"), ("文体教育", "Culture, sport and education"), ("知识产权", ""),
    ("民族宗教", ""), ("质量技术", "Quality and technology"), ("检验检疫", "Inspection and quarantine"),
    ("安全生产", "Work safety"), ("公安消防", "Police and fire safety"), ("司法公证", ""), ("公用事业", ""),
    ("法人注销", "Winding up"), ("档案文物", "Archives and relics"), ("其他", ""),
)  # fmt: skip
GRAMS = "CREATE TABLE catalogue_gram (term {text} NOT NULL, weight {small} NOT NULL, item_id {big} NOT NULL, PRIMARY KEY (term, weight, item_id)){thin}"


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    is_sqlite = vendor == "sqlite"
    # In PostgreSQL "C" compares bytes, which is all that grams need.
    types = {"text": "text" if is_sqlite else 'text COLLATE "C"', "small": "integer" if is_sqlite else "smallint"}
    types |= {"big": "integer" if is_sqlite else "bigint", "thin": " WITHOUT ROWID" if is_sqlite else ""}
    schema_editor.execute(GRAMS.format(**types))
    for statement in statements(vendor):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE catalogue_gram")


def list_themes(apps, schema_editor):
    Theme = apps.get_model("catalogue", "Theme")
    found = {}
    for position, (name, english) in enumerate((*PEOPLE, *ORGANISATIONS)):
        theme = found.setdefault(name, Theme(name=name, name_en=english, position=position))
        theme.name_en = theme.name_en or english
    for name, theme in found.items():
        theme.for_people = any(name == other for other, _english in PEOPLE)
        theme.for_organisations = any(name == other for other, _english in ORGANISATIONS)
    Theme.objects.bulk_create(found.values())


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_first")]

    operations = [
        migrations.RunPython(create, drop),
        migrations.RunPython(list_themes, migrations.RunPython.noop),
    ]
