/** Words that steer the tagger, by what they are. Written for this project. A word may stand in several lists. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Before or after the name of a street. */
export const STREET_WORDS = words(`
street st road rd avenue ave av lane ln drive dr boulevard blvd court ct way place pl terrace close crescent square sq gardens grove hill mews
parade parkway pkwy highway hwy circle cir trail trl row walk rise view path alley plaza quay wharf crossing turnpike freeway expressway esplanade
bypass causeway heights ridge route rte junction underpass overpass crossroad crossroads corner loop bend trace run pike
rue avenue allée allee boulevard bd chemin impasse place quai cours ruelle sentier passage voie faubourg montée
calle avenida avda av paseo plaza plazuela camino carretera ronda travesía callejón glorieta carrer passeig avinguda calzada
via viale piazza corso vicolo largo strada piazzale contrada borgo lungomare salita
rua avenida travessa alameda praça praca estrada rodovia largo beco ladeira
straße strasse str weg gasse platz allee ring damm ufer chaussee
straat laan plein weg kade gracht dreef steenweg singel
ulica ul aleja al plac osiedle os ulice náměstí namesti třída
utca út ut tér ter körút sugárút
gata gatan vägen vagen väg vej gade vei veien gate gaten allé stræde torv
katu tie polku kuja
caddesi cad sokak sok sokağı bulvarı mahallesi mah
ulitsa prospekt pereulok naberezhnaya shosse bulvar улица ул проспект переулок вулиця
strada bulevardul calea aleea
jalan jl jln lorong gang
marg nagar chowk sector phase colony layout salai
odos leoforos οδός οδος λεωφόρος πλατεία
đường duong phố pho
küçəsi prospekti döngəsi prospektı bulvari ko'chasi qishlog'i ko'cha
cesta trg put prilaz naselje avenija vijenac nábřeží nabrezie nám alej
plantsoen park hof pad wal markt
sheikh shari sharia tariq
`);

/** Endings of one-word street names: "Goethestraße", "Kerkstraat". */
export const STREET_ENDINGS = words(`
straße strasse straat gasse weg platz allee damm ufer ring graben steig stieg berg hof
laan plein kade gracht dreef singel steeg plantsoen park pad wal markt
gata gatan vägen vagen väg gränd stigen
gade vej stræde allé torvet
veien vegen gata gaten bakken
katu tie kuja polku raitti
stræti gata vegur braut götu
utca
`).filter((ending) => ending.length >= 3);

/** Inside an address, before a number. */
export const UNIT_WORDS = words(`
apt apartment suite ste unit flat floor fl room rm box building bldg block blk lot house no nº nr number p.o po pmb psc cmr fpo apo dpo uss usns usnv
wohnung etage stock appartement appt étage bâtiment bat escalier piso puerta portal esc bajo interno scala piano int apto bloco andar sala lote
lokal lok mieszkanie m byt kerület emelet ajtó lägenhet lgh etg huis bus kat daire no kv dom korpus room cp plot door hno
`);

export const TITLES = words(`
mr mrs ms miss mx dr prof professor sir madam lady lord dame rev reverend fr father sister brother hon judge justice capt captain lt sgt col gen major
herr frau hr fr dipl ing doktor monsieur madame mme mlle mademoiselle maître señor señora señorita sr sra srta don doña dr dra d
signor signora sig dott dottor dottoressa ing avv dhr mevr mevrouw meneer senhor senhora pan pani pán paní herra rouva fru bay bayan sayın
shri smt kumari haji datuk ustaz sheikh sensei
`);

export const COMPANY_WORDS = words(`
inc llc ltd limited plc corp corporation company co gmbh ag kg ohg ug se sa sas sarl srl spa sl bv nv ab as oy oyj aps kft zrt sro doo pty pvt llp lp
group holdings partners associates sons bank university institute foundation studios labs solutions systems technologies consulting industries
`);

export const CALENDAR_WORDS = words(`
january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun today tomorrow yesterday
januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag
janvier février mars avril juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado domingo
gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre lunedì martedì mercoledì giovedì venerdì sabato domenica
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
christmas easter ramadan diwali hanukkah thanksgiving halloween
`);

export const PARTICLES = words(
  "de del della dei da das dos do di du la las le los el al von van vom zu zur zum der den ten ter het bin ibn bint ben abu abd ap ab mac mc y e af av st san santa",
);

/** A name often comes next. */
export const CUES = words(`
name names named namens nombre nom nome naam navn namn imię ad adı adsoyad isim fullname firstname lastname surname nachname vorname apellido apellidos cognome sobrenome
by from to cc bcc dear hi hello hey attn signed sincerely regards best cheers thanks thx love yours hallo liebe lieber liebes sehr geehrter geehrte cher chère bonjour salut hola querido querida
estimado estimada caro cara gentile ciao olá oi beste geachte kära hej kjære drogi szanowny szanowna merhaba sayın
customer client patient employee contact owner author reviewer assignee reporter manager recipient sender beneficiary payee payer applicant tenant landlord guest passenger
student teacher candidate holder cardholder insured claimant witness guardian spouse nurse physician doctor attending caller agent speaker host interviewer interviewee attendee attendees
participants participant approver requester submitter signatory signature ship bill sold attention employer supervisor
wife husband son daughter mother father brother sister mom mum dad uncle aunt aunty grandma grandpa cousin friend boss colleague coworker neighbor neighbour partner girlfriend boyfriend fiancé fiancée nephew niece
its it's im i'm iam am called meet ask tell told call email text met with and heiße heisse bin appelle m'appelle llamo soy chiamo sono chamo sou heet jestem nazywam adım
kunde kundin client cliente klant paciente patiente mitarbeiter empfänger absender unterschrift ansprechpartner titulaire bénéficiaire destinataire beneficiario titular destinatario intestatario begünstigter kontoinhaber rekeninghouder
`);

export const ROLES = words(`
engineer manager director developer analyst consultant assistant administrator officer president ceo cto cfo coo vp chairman secretary designer architect scientist
nurse doctor physician surgeon lawyer attorney judge teacher professor student driver pilot chef waiter actor actress singer songwriter artist author writer editor journalist
senator governor minister mayor king queen prince princess pope saint coach captain player striker goalkeeper guitarist drummer
mother father brother sister son daughter wife husband uncle aunt grandmother grandfather cousin nephew niece friend boss colleague neighbor neighbour
master teacher programmer leader supervisor principal dean accountant clerk plumber electrician technician mechanic
`);

/** Capitalised, and nobody: tools, products, companies, protocols, languages, peoples. */
export const THINGS = words(`
Python Java JavaScript TypeScript Ruby Rust Go Swift Kotlin Scala Perl Haskell Elixir Erlang Clojure Julia Fortran Cobol Pascal Ada Lua Dart Groovy Bash
React Angular Vue Svelte Django Flask Rails Laravel Spring Express Node Deno Bun Next Nuxt Gatsby Ember Jest Vitest Mocha Cypress Playwright Selenium Webpack Vite Rollup Babel Maven Gradle
Docker Kubernetes Helm Terraform Ansible Puppet Chef Vagrant Jenkins Travis Circle Argo Istio Envoy Linkerd Consul Vault Nomad Prometheus Grafana Loki Tempo Jaeger Zipkin Kibana Logstash Elastic Splunk Datadog Sentry
Redis Postgres PostgreSQL MySQL MariaDB Mongo MongoDB Cassandra Kafka RabbitMQ Celery Airflow Spark Hadoop Hive Presto Trino Snowflake Databricks Delta Iceberg Parquet Arrow DuckDB SQLite Oracle Neo4j
Linux Ubuntu Debian Fedora Alpine Windows Android Chrome Firefox Safari Edge Opera Brave Mozilla Apache Nginx Caddy Tomcat Jetty
Google Microsoft Apple Amazon Meta Facebook Twitter Instagram Snapchat TikTok YouTube Netflix Spotify Uber Lyft Airbnb Tesla Nvidia Intel Samsung Sony Nintendo Adobe Salesforce Shopify Stripe PayPal Slack Zoom Teams Notion Figma Jira Confluence Trello Asana GitHub GitLab Bitbucket Atlassian Zendesk Hubspot Mailchimp Twilio
OpenAI Anthropic Claude Gemini Llama Mistral Cohere Copilot ChatGPT Bard Siri Alexa Cortana Bert Watson Ollama Azure Bedrock Vertex Lambda Fargate Cloudflare Vercel Netlify Heroku Wikipedia Reddit Quora LinkedIn WhatsApp Telegram Signal Discord
Visa Mastercard Amex Discover Maestro Barclays HSBC Citibank Walmart Target Costco Starbucks McDonald Toyota Honda Ford Chevrolet Audi Volkswagen Mercedes Porsche Volvo Boeing Airbus
English German French Spanish Italian Dutch Portuguese Russian Chinese Japanese Korean Arabic Hindi Turkish Polish Greek Latin American British European Asian African Christian Muslim Jewish Hindu Buddhist
Mercury Venus Mars Jupiter Saturn Uranus Neptune Pluto Earth Moon Sun God Jesus Christ Allah Buddha Bible Quran Internet Bluetooth Ethernet Unicode Markdown Boolean Integer String Array Object Promise Error Exception Null True False None
Spangate Hono Undici Pino Zod Fastify Koa Nest Remix Astro Solid Qwik Lerna Pnpm Yarn Oxlint Oxc Biome Prettier Eslint Storybook Tailwind Bootstrap Redux Zustand MobX Apollo Prisma Drizzle Knex Sequelize
Mongoose Supabase Firebase Render Railway Bazel Portkey LiteLLM Langfuse Helicone LangChain LlamaIndex Presidio Scylla Clickhouse Druid Pinot Flink Beam Samza Storm Hudi Ceph Gluster Minio Rook Harbor Flux Keda Knative Linkerd Cilium Calico
Epyc Xeon Ryzen Ampere Arm Cortex Raspberry Arduino Posix Unix Solaris Musl Glibc Iana Ietf Acorn Lizard Faker Postman Insomnia Swagger Tableau Looker Metabase Superset Airtable Zapier Retool Miro Canva Dropbox Evernote Basecamp Linear
iPhone iPad MacBook Kindle Xbox PlayStation Android Pixel Galaxy Windows Office Excel Word Outlook PowerPoint Photoshop
`);

/** How sentences begin. */
export const OPENINGS = words(`
I I've I'm I'll I'd You You've You're We We've They It It's This That These Those There Here When While After Before If Although Because Since However Therefore
Additionally Also Then Next Finally First Second Please Thanks Yes No Okay OK Sure Maybe Perhaps Let's Don't Can Could Would Will Should May Might What What's Which Who Why How Where
On In At By For From To With Without As Of My Your His Her Our Their Some Many All Most Both Each Every Another Me Mom Dad Bro Sis Hi Hello Hey Good Great Congratulations Sorry Welcome Absolutely
Certainly Understood Based Considering Regarding During Through Until Unless Once Now Today Tomorrow Yesterday Just Only Even Still Yet Already Always Never Often Sometimes Usually Recently
Looking Recalling Renewing Making Using Taking Going Being Having Remember Note Warning Tip Example Summary Overview Introduction Conclusion Step Name Date Location Time Subject Status Result
Und Der Die Das Ein Eine Ich Wir Sie Es Wenn Aber Mit Für Le La Les Un Une Je Nous Vous Il Elle El Los Las Yo Nosotros Usted Lo Gli Un Una Io Noi O A Os As Eu Nós De Het Een Ik Wij
`);

/** Names of numbers that name nobody. */
export const ID_LABELS = words(`
IMEI IMSI ICCID SSN ITIN EIN TIN NINO NHS NPI MRN DOB VIN VAT IBAN BIC SWIFT ABN ACN TFN SIN CPF CNPJ RG CURP RFC DNI NIE NIF CIF PESEL NIP REGON BSN KVK Aadhaar PAN GSTIN Voter-ID
Steuer-ID USt-ID Steuernummer Personalausweis Sozialversicherungsnummer SIRET SIREN NIR Codice-Fiscale Partita-IVA Passport Licence License Permit Ticket Invoice Order Account Routing Policy Claim Member Employee Student Case
ISBN ISSN DOI UPC EAN SKU PO RMA UUID GUID MAC IP ASN PIN OTP CVV CVC ZIP Postcode Extension Fax Tel Mobile Phone Serial Model Batch Lot Room Gate Flight Train Bus Platform Page Chapter
`);

/** What is named after people without being one. */
export const PLACE_NOUNS = words(`
Orchestra Museum Hospital School Church Bridge Prize Award Stadium Theatre Library Park Festival Foundation Syndrome Theorem Law Effect Method Cup Medal Airport Station Hotel Castle Tower Gallery Institute University College
Trophy Lectures Report Commission Act Doctrine Scale Index Test Equation Constant Algorithm Comet Crater River Lake Mountain Island Bay Canyon Falls County Township Cemetery Choir Ensemble Quartet Band Club Collection House Hall Mall Center
`);

/** Types and classes that every language has. */
export const CODE_WORDS = words(`
Promise Buffer Array Object String Number Boolean Map Set Date Error Symbol Function RegExp Proxy Reflect Iterator Generator Infinity Omit Pick Partial Record Readonly Required Exclude Extract Awaited Uint8Array Int32Array
Schema Server Client Request Response Stream Reader Writer Parser Lexer Token Node Tree List Queue Stack Heap Graph Edge Vertex Lane Segment Journal Cursor Batch Span Trace Event Listener Handler Worker Thread Process Task Job
Usage Problem Record Field Column Row Table Index Query Result Option Config Setting Context Session Cookie Header Body Path Route Router Controller Service Store Cache Pool Lock Mutex Channel Signal Timer Clock Logger Metric Counter
Optional Future Duration Instant Integer Double Float Vector Tuple Dict Frame Series Tensor Layer Model Module Package Bundle Loader Builder Factory Adapter Bridge Proxy Facade Visitor Observer Bearer Relay Kept Exchange
`);
