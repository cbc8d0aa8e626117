/** Emoji with their names in English, Korean, Russian and Chinese. Pure. */

const TABLE = `
😀 grinning|웃음|улыбка|笑
😃 smiley happy|기쁨|радость|开心
😄 smile|미소|смех|微笑
😁 beaming|활짝|сияю|露齿笑
😅 sweat|땀|пот|流汗
😂 joy laugh tears|폭소|хохот|笑哭
🤣 rofl|데굴데굴|ржу|打滚
🙂 slight_smile|살짝미소|улыбочка|浅笑
😉 wink|윙크|подмигиваю|眨眼
😊 blush|홍조|смущение|脸红
😇 innocent angel|천사|ангел|天使
🥰 loving|사랑스러움|обожаю|喜爱
😍 heart_eyes|하트눈|влюблён|花痴
😘 kiss|뽀뽀|поцелуй|飞吻
😋 yum|맛있다|вкусно|好吃
😜 tongue|메롱|язык|吐舌
🤔 thinking|생각|думаю|思考
🤨 raised_eyebrow|의심|сомнение|怀疑
😐 neutral|무표정|без_эмоций|无语
😏 smirk|능글|ухмылка|得意
🙄 eye_roll|눈굴림|закатываю_глаза|翻白眼
😬 grimace|어색|гримаса|尴尬
😌 relieved|안도|облегчение|放心
😴 sleeping|잠|сон|睡觉
😷 mask sick|마스크|маска|口罩
🤒 fever|열|температура|发烧
🤯 mind_blown|충격|взрыв_мозга|震惊
🥳 party|파티|праздник|庆祝
😎 cool sunglasses|멋짐|круто|酷
🤓 nerd|공부벌레|ботаник|书呆子
😕 confused|혼란|озадачен|困惑
🙁 frown|찡그림|грущу|不高兴
😮 wow surprised|놀람|удивление|惊讶
😳 flushed|당황|неловко|害羞
🥺 pleading|애원|умоляю|恳求
😢 cry sad|눈물|слеза|哭
😭 sob|엉엉|рыдаю|大哭
😱 scream|비명|ужас|尖叫
😞 disappointed|실망|разочарование|失望
😩 weary tired|피곤|усталость|累
😤 huff|씩씩|пыхчу|哼
😠 angry|화남|злюсь|生气
😡 rage|분노|ярость|愤怒
🤬 swearing|욕|ругаюсь|骂人
😈 devil|악마|дьявол|恶魔
💀 skull|해골|череп|骷髅
💩 poop|똥|какашка|便便
🤖 robot|로봇|робот|机器人
👻 ghost|유령|призрак|幽灵
👋 wave hello|안녕|привет|你好
👌 ok_hand|오케이|окей|好的
✌️ victory|브이|победа|胜利
🤞 fingers_crossed|행운빌기|скрестил_пальцы|祈祷好运
👍 thumbs_up like yes|좋아요|нравится|赞
👎 thumbs_down no|싫어요|не_нравится|踩
👏 clap|박수|аплодисменты|鼓掌
🙌 hooray|만세|ура|万岁
🙏 please thanks pray|감사|спасибо|谢谢
🤝 handshake|악수|рукопожатие|握手
💪 strong muscle|힘|сила|加油
👀 eyes look|눈|глаза|看
🧠 brain|두뇌|мозг|大脑
🤷 shrug|모르겠다|не_знаю|耸肩
🤦 facepalm|이마탁|рукалицо|捂脸
🙋 raising_hand|저요|я|举手
🙇 bow sorry|꾸벅|поклон|鞠躬
❤️ heart love|하트|сердце|爱心
🧡 orange_heart|주황하트|оранжевое_сердце|橙心
💛 yellow_heart|노랑하트|жёлтое_сердце|黄心
💚 green_heart|초록하트|зелёное_сердце|绿心
💙 blue_heart|파랑하트|синее_сердце|蓝心
💔 broken_heart|이별|разбитое_сердце|心碎
💯 hundred|백점|сто|满分
✨ sparkles|반짝|блеск|闪亮
🔥 fire|불|огонь|火
🎉 tada celebration|축하|поздравляю|恭喜
🎂 cake birthday|생일|день_рождения|生日
🎁 gift|선물|подарок|礼物
🏆 trophy|우승|кубок|奖杯
⭐ star|별|звезда|星星
☀️ sun|해|солнце|太阳
🌙 moon|달|луна|月亮
🌧️ rain|비|дождь|雨
❄️ snow|겨울|снег|雪
🌈 rainbow|무지개|радуга|彩虹
🌸 blossom|벚꽃|цветок|花
🐶 dog|강아지|собака|狗
🐱 cat|고양이|кошка|猫
🐛 bug|벌레|жук|虫子
☕ coffee|커피|кофе|咖啡
🍵 tea|녹차|чай|茶
🍺 beer|맥주|пиво|啤酒
🍕 pizza|피자|пицца|披萨
🍜 noodles ramen|라면|лапша|面条
🍚 rice|밥|рис|米饭
🍎 apple|사과|яблоко|苹果
🚀 rocket ship_it|로켓|ракета|火箭
🚗 car|자동차|машина|汽车
✈️ plane|비행기|самолёт|飞机
🏠 home|집|дом|家
💻 laptop computer|노트북|ноутбук|电脑
📱 phone|휴대폰|телефон|手机
📎 paperclip|클립|скрепка|回形针
📅 calendar|달력|календарь|日历
📈 chart_up|상승|рост|上涨
📉 chart_down|하락|падение|下跌
📝 memo|메모|заметка|备忘
📚 books|책|книги|书
💡 idea bulb|아이디어|идея|主意
🔒 lock|자물쇠|замок|锁
🔧 wrench fix|수리|ремонт|修理
⏰ alarm|알람|будильник|闹钟
⏳ hourglass wait|기다림|жду|等待
✅ check done|완료|готово|完成
❌ cross wrong|틀림|неверно|错误
❓ question|질문|вопрос|问题
❗ exclamation|느낌표|важно|重要
⚠️ warning|경고|внимание|警告
➕ plus|더하기|плюс|加
🎵 music|음악|музыка|音乐
`;

export const EMOJI = TABLE.trim()
  .split("\n")
  .map((line) => {
    const space = line.indexOf(" ");
    return { glyph: line.slice(0, space), words: line.slice(space + 1).split(/[ |]/u) };
  });
