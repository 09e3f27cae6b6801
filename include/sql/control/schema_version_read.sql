select version_num
from control.schema_version
